"""Results as one text: what is shared stands once, and what older versions wrote is read."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import pytest

from graphinv.model.errors import StoreError
from graphinv.model.results import Analysis, Guard, Hop
from graphinv.store import packing
from graphinv.store.packing import packed, unpacked
from tests.store.support import BOT, analysis, day


def several(count: int = 7) -> Analysis:
    """Results with findings that share hops and texts, and some that are fixed."""
    results = analysis()
    guard = Guard(id="gw", mode="enforce", effect="deny", would="deny")
    hop = Hop(source=BOT, edge="<A+B", target=("Tool", "t"), words="w", confidence=0.5, scopes=(), guards=(guard,))
    shown = [
        replace(one, key=f"{number}", why="because", path=(*one.path, hop), frameworks=("X1",), severity_parts=("base 1", "= 1, low"))
        for number in range(count)
        for one in results.findings
    ]
    bare = replace(shown[0], key="bare", target=None, path=(), first_seen=day(1), cause="Agent:bot", reopened=2)
    return results.model_copy(update={"findings": (*shown, bare), "former": (replace(bare, key="gone", fixed_at=day(2)),)})


@pytest.mark.parametrize("line", [1, 3, 5_000])
def test_results_come_back_as_they_were(line: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_FINDINGS", line)
    results = several()
    back = unpacked(packed(results), "here")
    assert back == results
    assert packed(results) == packed(back)


def test_what_findings_share_is_one_object_when_it_is_read() -> None:
    back = unpacked(packed(several()), "here")
    assert back is not None
    hops = {id(hop) for finding in back.findings for hop in finding.path}
    assert len(hops) == len({hop for finding in back.findings for hop in finding.path}) == 2
    assert len({id(finding.why) for finding in back.findings}) == 1


def test_results_of_an_older_version_are_read() -> None:
    results = several()
    older = base64.b64encode(zlib.compress(results.model_dump_json(by_alias=True).encode(), 6)).decode()
    assert unpacked(older, "here") == results


@pytest.mark.parametrize(
    "damage", [lambda text: text[:40], lambda text: text[:-8], lambda text: "2:", lambda text: "3:", lambda text: "2:aaaa"]
)
def test_what_cannot_be_read_says_where(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(StoreError, match="in here cannot be read"):
        unpacked(damage(packed(several())), "here")
