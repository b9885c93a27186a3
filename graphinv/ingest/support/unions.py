"""Sets of things that belong together, grown pair by pair."""

from __future__ import annotations

from collections.abc import Iterable


class Together:
    """Union-find over texts; what was not named yet stands alone. Nearly O(1) each."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, one: str) -> str:
        """The first, in order, of what belongs together with ``one``."""
        above = self._above
        while (higher := above.get(one, one)) != one:
            above[one] = above.get(higher, higher)
            one = above[one]
        return one

    def join(self, one: str, *others: str) -> None:
        """They belong together."""
        for other in others:
            first, second = sorted((self.find(one), self.find(other)))
            if first != second:
                self._above[second] = first

    def groups(self, members: Iterable[str]) -> dict[str, list[str]]:
        """``members`` by the first of what each belongs together with, in order."""
        found: dict[str, list[str]] = {}
        for one in sorted(members):
            found.setdefault(self.find(one), []).append(one)
        return found
