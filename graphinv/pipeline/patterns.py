"""Patterns over paths, in the syntax of ``.gitignore``, as files of strangers write them: to match takes time that no pattern can drive up.

One regular expression for such a pattern goes back and forth between its stars, which takes hours for eight of them and one long name.
Here each star takes as little as it can: within a name `fnmatch` sees to that, between names :meth:`PathPattern.fits` does.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple


class PathPattern(NamedTuple):
    """One line of a ``.gitignore``."""

    runs: tuple[tuple[re.Pattern[str], ...], ...]
    """Forms of names that follow each other; between two runs any folders may lie."""
    anchored: bool
    """Whether the first run begins where the path does."""
    inside: int
    """0 where it means what it matches and all below; only what lies below: 1 as files of that folder (``a/``), 2 themselves (``a/**``)."""

    def fits(self, path: str) -> int:
        """2 where it means ``path`` itself, 1 where it means a folder that ``path`` lies in, 0 where neither. O(names · forms of a run)."""
        names = path.split("/")
        at = 0
        for number, run in enumerate(self.runs):
            last = len(names) - len(run)
            starts = range(at, min(last, at) + 1) if self.anchored and not number else range(at, last + 1)
            if number == len(self.runs) - 1 and not self.inside:
                starts = starts[::-1]  # the path itself before folders above it
            start = next((start for start in starts if all(form.match(name) for form, name in zip(run, names[start:], strict=False))), None)
            if start is None:
                return 0
            at = start + len(run)
        below = at < len(names)
        return (self.inside if below else 0) if self.inside else 1 if below else 2


@lru_cache(maxsize=32_768)
def path_pattern(line: str) -> PathPattern | None:
    """The pattern that ``line`` is; None where it is none: empty, a comment, a slash alone."""
    text = line.rstrip("\n")
    text = text[: len(text.rstrip(" ")) + text.rstrip(" ").endswith("\\")].removeprefix("!")
    names = text.split("/")
    if line.startswith("#") or not any(names):
        return None
    inside = {"": 1, "**": 2}.get(names[-1], 0)
    anchored = "/" in text.rstrip("/")
    names = [name for name in names if name]
    if set(names) == {"**"}:
        names, anchored, inside = ["*"], False, inside % 2
    runs: list[list[str]] = [[]]
    for name in names:
        if name == "**":
            runs.append([])
        else:
            runs[-1].append(name)
    return PathPattern(tuple(tuple(map(_name_form, run)) for run in runs if run), anchored and bool(runs[0]), inside)


def path_fits(lines: Sequence[str], path: str) -> bool:
    """Whether ``lines`` mean ``path``: the last that fits holds, where ``!`` begins those that take it out again; one that means the path
    itself is not outdone by one that means a folder above it."""
    held, means = 0, False
    for line in lines:
        pattern = path_pattern(line)
        fits = pattern.fits(path) if pattern else 0
        if fits and fits >= held:
            held, means = fits, not line.startswith("!")
    return means


def _name_form(name: str) -> re.Pattern[str]:
    """The form of one name between slashes, in which a backslash quotes and ``[^a]`` is ``[!a]``."""
    plain = re.sub(r"\\(.)", lambda match: f"[{match[1]}]" if match[1] in "*?[" else match[1], name)
    return re.compile(fnmatch.translate(plain.replace("[^", "[!")))
