"""Commands of shell scripts, as text: lines joined where a command goes on, here-documents beside them. Nothing is run or expanded."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

MAX_COMMANDS = 5_000
MAX_LINES = 200
"""Lines of one command."""
_HERE = re.compile(r"<<-?\s*[\"']?(\w{1,40})[\"']?")
_PRINTS = re.compile(r"\s*(?:echo|printf)\s")


class Command(NamedTuple):
    """A command that begins on ``line``; ``body`` is its here-document, which begins on ``body_line``."""

    text: str
    line: int
    body: str | None = None
    body_line: int = 1

    def words(self, start: int = 0) -> list[str]:
        """Its words from character ``start`` on, as a shell would split them; none where a quotation does not end."""
        try:
            return shlex.split(_HERE.sub("", self.text[start:]).lstrip(" ;|&("), comments=True)
        except ValueError:
            return []


def commands(text: str, program: str) -> Iterator[Command]:
    """The commands of ``text`` that name ``program``; O(length), the first 5,000."""
    lines = text.split("\n")
    index = count = 0
    while index < len(lines) and count < MAX_COMMANDS:
        start = index
        parts = [lines[index]]
        index += 1
        # A command goes on after a backslash, and inside an open quotation; an apostrophe in a text that nobody reads opens none.
        inside = _quoted(parts[0], "") if program in parts[0] or _PRINTS.match(parts[0]) else ""
        while index < len(lines) and index - start < MAX_LINES and (inside or parts[-1].endswith("\\")):
            if parts[-1].endswith("\\"):
                parts[-1] = parts[-1][:-1] + " "
            else:
                parts.append("\n")
            parts.append(lines[index])
            inside = _quoted(lines[index], inside) if inside or program in lines[index] else ""
            index += 1
        command = "".join(parts)
        body, body_line = None, index + 1
        here = _HERE.search(command)
        if here:
            end = next((at for at in range(index, len(lines)) if lines[at].strip() == here[1]), len(lines))
            body, index = "\n".join(lines[index:end]), end + 1
        if program in command and not command.lstrip().startswith("#"):
            count += 1
            yield Command(command, start + 1, body, body_line)


def _quoted(line: str, inside: str) -> str:
    """The quotation mark that is still open after ``line``, which begins inside ``inside``; ``""`` where none is."""
    escaped = False
    for character in line:
        if escaped:
            escaped = False
        elif character == "\\" and inside != "'":
            escaped = True
        elif inside:
            inside = "" if character == inside else inside
        elif character in "\"'":
            inside = character
        elif character == "#":
            return ""
    return inside
