"""Text of strangers in pictures and tables, and how pictures are drawn."""

from __future__ import annotations

import re

import canvas
import widgets
from hypothesis import given
from hypothesis import strategies as st

from graphinv.model.results import Guard, Hop, adapter
from graphinv.model.text import plain

nasty = st.one_of(st.text(max_size=300), st.text('"\\\n&;<>{}[]N|', max_size=80))


def hop(**more: object) -> Hop:
    made: Hop = adapter(Hop).validate_python({"from": ("Agent", "a"), "edge": "USES", "to": ("Tool", "t"), "words": "may call t", **more})
    return made


@given(nasty)
def test_plain_text_is_one_printable_line(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff]", shown)


@given(nasty, st.integers(1, 60))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = widgets.short(text, limit)
    assert len(short) <= limit
    assert short == text or "…" in short


@given(nasty, nasty, nasty)
def test_a_picture_holds_nothing_but_quoted_text(name: str, id: str, words: str) -> None:
    dots = [canvas.Dot(("Agent", id), name, detail=name), canvas.Dot(("Tool", id), name)]
    line = adapter(Hop).validate_python(
        {"from": ("Agent", id), "edge": "USES", "to": ("Tool", id), "words": words, "guards": [_guard(id, words)]}
    )
    dot = canvas.draw(dots, [canvas.Line(line, strong=True)])
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "TEXT", dot)
    assert '"' not in bare
    shape = canvas.draw([canvas.Dot(("Agent", "x"), "x", detail="x"), canvas.Dot(("Tool", "x"), "x")], [])
    assert bare.splitlines()[:6] == re.sub(r'"(?:[^"\\]|\\.)*"', "TEXT", shape).splitlines()[:6]
    for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', dot):
        assert set(re.findall(r"\\(.)", quoted)) <= {"n", '"', "\\"}
        assert all(entity == "&amp;" for entity in re.findall(r"&[#\w]*;?", quoted))


def _guard(id: str, words: str) -> Guard:
    return Guard(id=id or "g", mode="enforce", effect="deny", would=words)


@given(nasty)
def test_labels_have_at_most_two_lines_a_part(text: str) -> None:
    assert len(canvas._lines(plain(text))) <= 2


def test_a_hop_with_a_decision_is_green_and_a_monitored_one_dashed() -> None:
    dots = [canvas.Dot(("Agent", "a"), "a"), canvas.Dot(("Tool", "t"), "t")]
    enforced = canvas.draw(dots, [canvas.Line(hop(guards=[Guard(id="g", mode="enforce", effect="deny", would="deny")]), strong=True)])
    watched = canvas.draw(dots, [canvas.Line(hop(guards=[Guard(id="g", mode="monitor", effect="deny", would="nothing: only monitors")]))])
    bare = canvas.draw(dots, [canvas.Line(hop(), strong=True)])
    assert f'color="{canvas.LIGHT.stopped}"' in enforced
    assert "deny" in enforced
    assert "penwidth=2.6" in enforced
    assert f'color="{canvas.LIGHT.watched}", fontcolor="{canvas.LIGHT.watched}", style=dashed' in watched
    assert f'color="{canvas.LIGHT.path}"' in bare
    assert canvas.DARK.path in canvas.draw(dots, [canvas.Line(hop(), strong=True)], dark=True)


def test_edges_in_words() -> None:
    assert canvas.edge_words(hop(edge="CONNECTS_TO+PROVIDES")) == "calls"
    assert canvas.edge_words(hop(edge="<DELEGATES_TO")) == "acts for caller"
    assert canvas.edge_words(hop(edge="<PROVIDES+HOLDS")) == "holds"
    assert "60% sure" in canvas.draw([canvas.Dot(("Agent", "a"), "a"), canvas.Dot(("Tool", "t"), "t")], [canvas.Line(hop(confidence=0.6))])


def test_what_is_absent_is_unknown() -> None:
    assert widgets.known(None) == widgets.known("") == widgets.known([]) == "unknown"
    assert widgets.known(False) == "no"
    assert widgets.when(None) == "unknown"
    assert widgets.places(()) == "no source stated"
