"""How much may be followed: for one expression, for one document, and for all that one framework asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graphinv.ingest.support.python import ir

MAX_SPENT = 600
"""Expressions that are evaluated in called functions and turns of loops for the sake of one."""
MAX_SHARE = 20_000
"""The same for the sake of all that one framework asks for of one document, so that a knotty one leaves the others theirs."""
MAX_TOTAL = 100_000
"""The same for the sake of all that one framework asks for, beside what the size of the program adds."""


class Budget:
    """What was followed so far, in expressions that were evaluated in called functions and turns of loops."""

    def __init__(self) -> None:
        self.max_total = MAX_TOTAL
        self.cut: set[str] = set()
        """Documents in which not all calls were followed; ``""`` for the program as a whole."""
        self._spent = 0
        self._total = 0
        self._shares: dict[str, int] = {}
        """What was followed for the sake of each document."""

    def begin(self) -> int:
        """Another expression is evaluated that no other one asks for; what was followed before it, for :meth:`charge`."""
        self._spent = 0
        return self._total

    def spend(self) -> bool:
        """Count one expression; whether it may be evaluated."""
        self._spent += 1
        self._total += 1
        return self._spent <= MAX_SPENT and self._total <= self.max_total

    def turn(self, turns: int) -> None:
        """Count turns of a loop for the sake of the expression that is being evaluated."""
        self._spent += turns

    def charge(self, module: ir.Module, before: int) -> None:
        """What was followed since :meth:`begin` was for the sake of ``module``."""
        if self._total > before:
            self._shares[module.path] = self._shares.get(module.path, 0) + self._total - before

    def left(self) -> bool:
        """Whether one more call of a function may be followed: what they cost is bounded, for one expression and for all."""
        return self._spent < MAX_SPENT and self._total < self.max_total

    def renew(self) -> None:
        """Another framework may have followed as much again."""
        self._total = 0
        self._shares.clear()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is followed here is bounded by half as much, and leaves what may be followed afterwards as it was."""
        kept = self._total, self._shares
        self._total, self._shares = self.max_total // 2, {}
        try:
            yield
        finally:
            self._total, self._shares = kept

    def exhausted(self, module: ir.Module) -> bool:
        """Whether what one framework may ask for, of all or of this document, is used up: calls are no longer followed there."""
        if self._total >= self.max_total:
            self.cut.add("")
            return True
        if self._shares.get(module.path, 0) >= MAX_SHARE:
            self.cut.add(module.path)
            return True
        return False
