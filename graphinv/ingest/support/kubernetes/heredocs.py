"""Manifests inside scripts: here-documents of shells and long strings of Python, as far as their text is constant."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

MAX_BLOCKS = 500

_START = re.compile(r"<<-?[ \t]*(?P<quote>['\"\\]?)(?P<word>[A-Za-z_][A-Za-z0-9_]{0,60})['\"]?")
_ASSIGNED = re.compile(
    r"[ \t]*(?:(?:export|readonly|local|declare)[ \t]+)?([A-Za-z_]\w{0,60})=(\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|[^\s;&|#]{0,300})"
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w{0,60})(?::?-([^{}\n]{0,300}))?\}|([A-Za-z_]\w{0,60}))")
_LONG = re.compile(r"[rRbBuUfF]{0,2}(\"\"\"|''')")
_MANIFEST = re.compile(r"^[ \t]*(?:- )?apiVersion:[ \t]", re.MULTILINE)


def shell_blocks(text: str) -> Iterator[tuple[int, str]]:
    """(first line, text) of each here-document that holds a manifest and is no script. Variables that the script sets to a constant, or
    that have a default, are filled in unless the delimiter is quoted. O(length)."""
    lines = text.split("\n")
    values: dict[str, str] = {}
    ends: dict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        ends[line.strip()].append(at)
    index, found = 0, 0
    while index < len(lines) and found < MAX_BLOCKS:
        line = lines[index]
        index += 1
        assigned = _ASSIGNED.match(line)
        start = _START.search(line) if not line.lstrip().startswith("#") else None
        if assigned and start is None:
            value = _filled(assigned[2].strip("\"'"), values)
            if "$" not in value and "`" not in value:
                values.setdefault(assigned[1], value)
        if start is None:
            continue
        places = ends.get(start["word"], [])
        after = bisect_left(places, index)
        if after == len(places):
            continue
        end = places[after]
        block = "\n".join(lines[index:end])
        first = index + 1
        index = end + 1
        if _MANIFEST.search(block) and not block.startswith("#!"):
            found += 1
            yield first, block if start["quote"] else _filled(block, values)


def python_blocks(text: str) -> Iterator[tuple[int, str]]:
    """The same for long strings of Python; what an f-string fills in stays in braces. O(length)."""
    position, found = 0, 0
    while found < MAX_BLOCKS:
        start = _LONG.search(text, position)
        if start is None:
            return
        end = text.find(start[1], start.end())
        if end < 0:
            return
        block = text[start.end() : end].removeprefix("\\")
        position = end + 3
        if _MANIFEST.search(block) and not block.startswith("#!"):
            found += 1
            yield text.count("\n", 0, start.end()) + 1, _dedented(block)


def _filled(text: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[3], match[2] if match[2] is not None else match[0])

    return _VARIABLE.sub(value, text)


def _dedented(block: str) -> str:
    """The block without the blanks that all of its lines begin with; lines stay where they are."""
    lines = block.split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()), default=0)
    return "\n".join([lines[0].lstrip(" "), *(line[margin:] for line in lines[1:])])
