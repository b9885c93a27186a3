from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest.support.aws.globs import Glob

TEXTS = ["".join(letters) for length in range(7) for letters in itertools.product("ab", repeat=length)]
patterns = st.text("ab*?", max_size=5)


def matched(pattern: str) -> set[str]:
    regex = re.compile("".join(".*" if one == "*" else "." if one == "?" else one for one in pattern))
    return {text for text in TEXTS if regex.fullmatch(text)}


@given(patterns)
def test_it_matches_what_its_wildcards_say(pattern: str) -> None:
    assert {text for text in TEXTS if Glob(pattern).matches(text)} == matched(pattern)


@given(patterns, patterns)
def test_one_that_matches_another_covers_it(one: str, other: str) -> None:
    if Glob(one).matches(other):
        assert matched(other) <= matched(one)


@given(patterns, patterns)
def test_two_meet_where_a_text_is_of_both(one: str, other: str) -> None:
    both = matched(one) & matched(other)
    assert Glob(one).meets(Glob(other)) == Glob(other).meets(Glob(one))
    if both or len(one) + len(other) <= 6:  # the texts are long enough to hold every common one
        assert Glob(one).meets(Glob(other)) == bool(both)


@given(patterns, st.text("ab", max_size=3))
def test_what_is_left_after_a_beginning_is_what_can_follow(pattern: str, start: str) -> None:
    expected = {text for text in matched(pattern) if text.startswith(start)}
    rests = Glob(pattern).residuals(start)
    assert {start + text for rest in rests for text in matched(rest) if len(start + text) < 7} == expected
