"""The texts that lie in a parsed value, with where they lie."""

from __future__ import annotations

from collections.abc import Iterable

from graphinv.ingest.support.words import Where, names

MAX_LEAVES = 5000
"""Texts of one value that are looked at."""
PLAIN = names("name description title note comment $schema")
"""Keys under which people write about a thing: no credential is there."""


def leaves(value: object) -> Iterable[tuple[Where, str]]:
    """The texts below ``value`` with their pointers, at most 5,000; without recursion."""
    stack: list[tuple[Where, object]] = [((), value)]
    found = 0
    while stack and found < MAX_LEAVES:
        pointer, item = stack.pop()
        if isinstance(item, dict):
            stack.extend(((*pointer, str(key)), part) for key, part in reversed(item.items()) if key not in PLAIN)
        elif isinstance(item, list):
            stack.extend(((*pointer, index), part) for index, part in reversed(list(enumerate(item))))
        elif isinstance(item, str):
            found += 1
            yield pointer, item
