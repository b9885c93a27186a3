"""Accepted risks and baselines hide findings, count them, and bring them back in time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.model.errors import InputError, UsageError
from graphinv.model.results import Finding, finding_key
from graphinv.pipeline.accepted import Accepted, Filter, Known, accepted_in, known_in

AT = "2026-07-10T12:00:00Z"
ENTRY = """\
[[accepted]]
rule = "GI-SEC-*"
subject = "Agent:billing-*"
path = "acme/tests/*"
owner = "ana@acme.example"
reason = "sample keys"
until = 2026-07-10
"""


def finding(rule: str = "GI-SEC-005", subject: str = "billing-1", sources: tuple[str, ...] = ("acme/tests/a/.env#L3",)) -> Finding:
    key = ("Agent", subject)
    return Finding(key=finding_key(rule, key, None), rule=rule, title="t", severity="high", confidence=1, subject=key, sources=sources)


def hidden(one: Finding, entry: str = ENTRY, at: str = AT) -> bool:
    return not Filter(accepted_in(entry, "accepted.toml")).shown([one], at).findings


def test_it_hides_what_it_speaks_of_until_its_last_day() -> None:
    assert hidden(finding())
    assert hidden(finding(), at="2026-07-10T23:59:59Z")
    assert not hidden(finding(), at="2026-07-11T00:00:00Z")


@pytest.mark.parametrize(
    "other",
    [
        finding("GI-TOL-005"),
        finding(subject="support"),
        finding(sources=("acme/src/.env#L3",)),
        finding(sources=("acme/tests/.env#L3", "acme/src/.env#L3")),
        finding(sources=()),
    ],
)
def test_it_hides_nothing_else(other: Finding) -> None:
    assert not hidden(other)


def test_what_is_hidden_is_counted_and_what_ran_out_is_told() -> None:
    late = ENTRY.replace("2026-07-10", "2026-07-01").replace("GI-SEC-*", "GI-TOL-*")
    known = finding("GI-OWN-001")
    shown = Filter(accepted_in(ENTRY + late, "a.toml"), {known.key: Known("high", secret=False)}).shown(
        [finding(), finding("GI-TOL-001"), known], AT
    )
    assert [one.rule for one in shown.findings] == ["GI-TOL-001"]
    assert shown.words == [
        "1 finding hidden as accepted risk",
        "1 finding hidden that the baseline knows",
        "acceptance of GI-TOL-* by ana@acme.example ran out on 2026-07-01: sample keys",
    ]


def test_a_bracket_in_a_pattern_is_a_bracket() -> None:
    assert hidden(finding(subject="a[b]"), ENTRY.replace("billing-*", "a[b]"))
    assert not hidden(finding(subject="ab"), ENTRY.replace("billing-*", "a[b]"))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("no toml", "is no TOML"),
        ("x = 1", "holds something else"),
        ("accepted = 1", "holds something else"),
        (ENTRY.replace('owner = "ana@acme.example"\n', ""), "accepted 1: owner"),
        (ENTRY.replace('reason = "sample keys"', 'reason = ""'), "accepted 1: reason"),
        (ENTRY.replace("until = 2026-07-10\n", ""), "accepted 1: until"),
        (ENTRY + 'colour = "red"\n', "accepted 1: colour"),
        ("accepted = [1]", "accepted 1"),
        ('[[accepted]]\nrule = "*"\nowner = "a"\nreason = "b"\nuntil = 2026-07-10\n', "accepts everything"),
    ],
)
def test_what_is_not_understood_is_told(broken: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        accepted_in(broken, "a.toml")
    assert says in str(caught.value)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    for read in (accepted_in, known_in):
        try:
            read(text, "x")
        except InputError as error:
            assert str(error).startswith("x")  # noqa: PT017 - either answer is right


def test_a_baseline_is_what_findings_prints(tmp_path: Path) -> None:
    one, other = finding(), finding("GI-TOL-001")
    lines = "\n".join(json.dumps(each.to_json()) for each in (one, other))
    assert (
        known_in(lines, "b.jsonl")
        == known_in(f"[{lines.replace(chr(10), ',')}]", "b.json")
        == dict.fromkeys((one.key, other.key), Known("high", secret=False))
    )
    assert known_in("[]", "b.json") == known_in("", "b.jsonl") == {}
    file = tmp_path / "b.json"
    file.write_text(json.dumps([one.to_json()]), "utf-8")
    assert Filter.of(None, file).shown([one, other], AT).findings == (other,)


def test_what_is_graver_than_the_baseline_knows_is_shown_and_counted(tmp_path: Path) -> None:
    before = [replace(finding(), severity="medium"), finding("GI-TOL-001")]
    file = tmp_path / "b.json"
    file.write_text(json.dumps([one.to_json() for one in before]), "utf-8")
    now = [replace(before[0], severity="high"), replace(before[1], severity="low")]
    shown = Filter.of(None, file).shown(now, AT)
    assert (shown.findings, shown.known, shown.graver) == ((now[0],), 1, 1)
    assert shown.words == ["1 finding hidden that the baseline knows", "1 finding shown that the baseline knows at a lower level"]
    file.write_text(json.dumps({"key": now[0].key}), "utf-8")
    assert Filter.of(None, file).shown(now, AT).findings == (now[1],), "a list of keys knows them at any level"


def test_what_was_fixed_when_the_baseline_was_made_is_not_known() -> None:
    fixed = replace(finding(), fixed_at=AT)
    assert known_in(json.dumps([fixed.to_json(), finding("GI-TOL-001").to_json()]), "b.json").keys() == {finding("GI-TOL-001").key}


@pytest.mark.parametrize(
    "text", ['[{"key": 1}]', '[{"key": "a", "severity": "worst"}]', '[{"key": "a", "severity": []}]', '{"findings": []}']
)
def test_what_is_no_baseline_is_told(text: str) -> None:
    with pytest.raises(InputError, match="is no list of findings"):
        known_in(text, "b.json")


def about_a_secret(fingerprint: str) -> Finding:
    subject, target = ("Agent", "a"), ("Secret", f"secret:{fingerprint * 16}")
    return replace(finding(), key=finding_key("GI-SEC-005", subject, target), subject=subject, target=target)


def test_what_another_key_of_fingerprints_hides_is_said(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(json.dumps([about_a_secret("0a").to_json(), about_a_secret("0b").to_json(), finding().to_json()]), "utf-8")
    known = Filter.of(None, file)
    elsewhere = known.shown([about_a_secret("0c"), finding()], AT)
    assert (elsewhere.findings, elsewhere.known, elsewhere.unmatched) == ((about_a_secret("0c"),), 1, 1)
    assert "GRAPHINV_KEY_FILE" in elsewhere.words[1]
    here = known.shown([about_a_secret("0a"), about_a_secret("0c")], AT)
    assert (here.findings, here.known, here.unmatched) == ((about_a_secret("0c"),), 1, 0)
    assert known.shown([finding("GI-TOL-001")], AT).unmatched == 0


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Filter.of(tmp_path / "none.toml", None)
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(InputError):
        Filter.of(tmp_path / "bytes.toml", None)


def test_an_acceptance_has_a_day() -> None:
    [one] = accepted_in(ENTRY, "a.toml")
    assert one == Accepted(
        rule="GI-SEC-*",
        subject="Agent:billing-*",
        path="acme/tests/*",
        owner="ana@acme.example",
        reason="sample keys",
        until=date(2026, 7, 10),
    )
