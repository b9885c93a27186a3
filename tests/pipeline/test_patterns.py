from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from graphinv.pipeline.patterns import path_fits, path_pattern

NAMES = st.text("ab.", min_size=1, max_size=3).filter(lambda name: set(name) != {"."})
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PARTS = st.one_of(st.text("ab*?.", min_size=1, max_size=4).filter(lambda part: set(part) != {"."} and "**" not in part), st.just("**"))
LINES = st.builds(
    lambda off, start, parts, end: f"{off}{start}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", "/**", "/*", " "]),
)


@settings(max_examples=1500)
@given(st.lists(LINES, min_size=1, max_size=4), PATHS)
@example(["docs/*"], "docs/a/b")
@example(["a/**/b"], "a/b")
@example(["**"], "a")
@example(["!a"], "a")
def test_it_means_what_gitignore_means(lines: list[str], path: str) -> None:
    assert path_fits(lines, path) == bool(GitIgnoreSpec.from_lines(lines).match_file(path)), (lines, path)


@pytest.mark.parametrize(
    ("line", "path", "fits"),
    [
        ("*.tf", "infra/main.tf", True),
        ("/*.tf", "infra/main.tf", False),
        ("infra/", "infra/main.tf", True),
        ("infra/", "infra", False),
        ("infra/prod", "infra/prod/a/b.tf", True),
        ("infra/prod", "x/infra/prod", False),
        ("**/prod", "x/infra/prod/a", True),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[!a-c]x", "dx", True),
        ("\\#x", "#x", True),
        ("\\!x", "!x", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("a\\ b", "a b", True),
        ("a\\ ", "a ", True),
        ("a  ", "a", True),
        ("[", "[", True),
        ("#x", "#x", False),
        ("/", "a", False),
        ("", "a", False),
    ],
)
def test_one_line(line: str, path: str, fits: bool) -> None:
    assert path_fits([line], path) is fits


@pytest.mark.parametrize("line", ["*a" * 100 + "b", "*" * 5000 + "b", "**/a/" * 500 + "b", "a*" * 100 + "/b", "[ab]*" * 100 + "c"])
def test_no_pattern_takes_long(line: str) -> None:
    began = time.process_time()
    for path in ("a" * 250, "a/" * 2000 + "a", "/".join(["a" * 250] * 16)):
        assert not path_fits([line], path)
    assert time.process_time() - began < 1


@given(st.text("ab*?[]!\\/# ^-", max_size=12), PATHS)
def test_no_line_breaks_it(line: str, path: str) -> None:
    path_pattern(line)
    path_fits([line], path)
