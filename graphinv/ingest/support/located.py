"""A parsed document that still knows on which line each of its parts stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Pointer = tuple[str | int, ...]
"""Keys and indexes from the top of a document down to one of its parts."""


@dataclass(frozen=True)
class Located:
    """A plain value (dict, list, str, int, float, bool, None) and the lines of its parts.

    ``lines`` holds a part's line where it differs from that of the part around it; ``duplicates`` lists keys that one mapping holds more
    than once (the last of them counts), each as a JSON pointer with its line.
    """

    value: Any
    lines: dict[Pointer, int] = field(default_factory=dict)
    duplicates: list[tuple[str, int]] = field(default_factory=list)
    first_line: int = 1

    def line(self, *pointer: str | int) -> int:
        """Line of the part at ``pointer``, or of the nearest part around it that has one; O(depth)."""
        for length in range(len(pointer), -1, -1):
            line = self.lines.get(pointer[:length])
            if line is not None:
                return line
        return self.first_line


def json_pointer(pointer: Pointer) -> str:
    """``pointer`` as text (RFC 6901), such as ``/mcpServers/github``; the whole document is ``""``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)
