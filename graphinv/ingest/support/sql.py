"""SQL text cut into statements: comments gone, the content of string literals gone (passwords stand there), bodies of functions gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_STATEMENT = 20_000
MAX_NAME = 200

_MARK = re.compile(r"--|/\*|'|\"|\$(?:[A-Za-z_]\w{0,60})?\$|;|^\\[^\n]*+|\\g(?:exec|set|desc|x)?\b[^\n]*+", re.MULTILINE)
_COPY = re.compile(r"COPY\b.*\bFROM stdin", re.IGNORECASE)


def statements(text: str) -> Iterator[tuple[str, int]]:
    r"""Statements, white space folded, and the lines they begin on; a line of psql's own, which begins with a backslash, is one too.
    Statements longer than 20,000 characters are left out. O(length).

    >>> list(statements("CREATE ROLE a PASSWORD 'x;y'; -- b\nGRANT a TO \"b;c\";\n\\connect shop\n"))
    [("CREATE ROLE a PASSWORD ''", 1), ('GRANT a TO "b;c"', 2), ('\\connect shop', 3)]
    """
    return _Cutter(text).cut()


class _Cutter:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.parts: list[str] = []
        self.size = 0
        self.begun = 0
        self.line = 1
        self.counted = 0

    def cut(self) -> Iterator[tuple[str, int]]:
        while match := _MARK.search(self.text, self.position):
            self.add(self.text[self.position : match.start()], self.position)
            self.position = match.end()
            mark = match[0]
            if mark == ";" or (mark.startswith("\\g") and self.parts):
                yield from self.finished()
            elif mark.startswith("\\"):
                if not self.parts:
                    self.add(mark, match.start())
                    yield from self.finished()
            elif mark == "--":
                self.skip("\n", keep=True)
            elif mark == "/*":
                self.skip("*/")
            elif mark.startswith("$"):
                self.skip(mark)
                self.add("''", match.start())
            else:
                self.quoted(mark, match.start())
        self.add(self.text[self.position :], self.position)
        yield from self.finished()

    def add(self, part: str, start: int) -> None:
        if not self.parts:
            part, blank = part.lstrip(), len(part) - len(part.lstrip())
            self.begun = start + blank
        if part:
            self.size += len(part)
            if self.size <= MAX_STATEMENT:
                self.parts.append(part)

    def finished(self) -> Iterator[tuple[str, int]]:
        whole = " ".join("".join(self.parts).split())
        if whole and self.size <= MAX_STATEMENT:
            self.line += self.text.count("\n", self.counted, self.begun)
            self.counted = self.begun
            yield whole, self.line
            if _COPY.fullmatch(whole):
                self.skip("\n\\.")
        self.parts, self.size = [], 0

    def skip(self, end: str, *, keep: bool = False) -> None:
        """Past the next ``end``, or up to it."""
        found = self.text.find(end, self.position)
        self.position = len(self.text) if found < 0 else found + (0 if keep else len(end))

    def quoted(self, mark: str, start: int) -> None:
        """Past a literal, of which nothing is kept, or a quoted name, which is."""
        escaped = mark == "'" and self.text[start - 1 : start] in ("E", "e")
        while True:
            found = self.text.find(mark, self.position)
            if found < 0:
                self.position = len(self.text)
                break
            before = self.text[max(start + 1, found - 64) : found]
            self.position = found + 1
            if escaped and (len(before) - len(before.rstrip("\\"))) % 2:
                continue
            if self.text.startswith(mark, self.position):
                self.position += 1
                continue
            break
        name = self.text[start : self.position]
        self.add(name if mark == '"' and len(name) <= MAX_NAME else "''", start)
