"""Scopes: which atoms a mask lets through.

A scope is ``action:glob``; the glob (``*``, ``?``, case-sensitive) matches the whole id of a target. A *mask* is one or more lists of
scopes that an atom has to pass all of. Masks are evaluated once each, over all targets, into five bits a target (:data:`ACTION_ORDER`),
and kept sparse: the value most targets have, and those that differ.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphinv.model.globs import glob_form

Array = npt.NDArray[Any]

ACTION_ORDER: tuple[str, ...] = ("admin", "delete", "execute", "read", "write")
"""Actions by bit, lowest first: in the order of their names, so that decoded atoms come out sorted."""

ACTION_BIT: dict[str, int] = {action: 1 << bit for bit, action in enumerate(ACTION_ORDER)}
ALL_ACTIONS = (1 << len(ACTION_ORDER)) - 1

_GLOBS_KEPT = 2048

PER_WORD = 12
"""Targets in a word of 64 bits, five bits each."""


def action_bits(actions: Iterable[str]) -> int:
    """Bits of a grant; ``admin`` grants all five.

    >>> action_bits(["read"]), action_bits(["admin"])
    (8, 31)
    """
    bits = 0
    for action in actions:
        bits |= ALL_ACTIONS if action == "admin" else ACTION_BIT.get(action, 0)
    return bits


def actions_of(bits: int) -> tuple[str, ...]:
    """Names of the actions in ``bits``, sorted."""
    return tuple(action for action, bit in ACTION_BIT.items() if bits & bit)


def split_scope(scope: str) -> tuple[int, str]:
    """Action bits and glob of a scope; no bits where it is not of the form ``action:glob``."""
    action, colon, glob = scope.partition(":")
    if not colon:
        return 0, ""
    return (ALL_ACTIONS if action == "*" else ACTION_BIT.get(action, 0)), glob


def scope_matches(scope: str, target_id: str, action: str) -> bool:
    """Whether one scope matches an atom.

    >>> scope_matches("read:crm/*", "crm/[x]", "read"), scope_matches("read:[cx]rm", "crm", "read")
    (True, False)
    """
    bits, glob = split_scope(scope)
    return bool(bits & ACTION_BIT[action]) and (glob == "*" or glob_form(glob).match(target_id) is not None)


def passes(scopes: Sequence[str] | None, target_id: str, action: str) -> bool:
    """Whether an atom passes ``scopes``: one of them has to match; absent lets everything through."""
    return scopes is None or any(scope_matches(scope, target_id, action) for scope in scopes)


class Masks:
    """Lists of scopes and the masks made of them, over a fixed sequence of target ids. Numbers are given once and stay.

    Evaluation is on first use: O(targets) a mask, less a glob with a literal beginning.
    """

    def __init__(self, target_ids: Sequence[str]) -> None:
        self.targets = len(target_ids)
        order = sorted(range(len(target_ids)), key=target_ids.__getitem__)
        self._order = np.array(order, dtype=np.int64)
        self._ids = [target_ids[column] for column in order]
        self.lists: list[tuple[str, ...]] = []
        self._list_of: dict[tuple[str, ...], int] = {}
        self.members: list[tuple[int, ...]] = []
        self._mask_of: dict[tuple[int, ...], int] = {}
        self._sparse: dict[int, tuple[int, Array, Array]] = {}
        self._matched: dict[str, Array] = {}

    def list_of(self, scopes: Iterable[str]) -> int:
        """Number of a list of scopes."""
        key = tuple(scopes)
        found = self._list_of.get(key)
        if found is None:
            found = self._list_of[key] = len(self.lists)
            self.lists.append(key)
        return found

    def mask_of(self, lists: Iterable[int]) -> int:
        """Number of the mask that these lists (at least one) make together."""
        key = tuple(sorted(set(lists)))
        found = self._mask_of.get(key)
        if found is None:
            found = self._mask_of[key] = len(self.members)
            self.members.append(key)
        return found

    def both(self, one: int, other: int) -> int:
        """The mask that lets through what both let through; -1 stands for no mask."""
        if one < 0 or one == other:
            return other
        return one if other < 0 else self.mask_of((*self.members[one], *self.members[other]))

    def blocks(self, mask: int) -> bool:
        """Whether it lets nothing through whatever the targets: one of its lists is empty."""
        return any(not self.lists[number] for number in self.members[mask])

    def sparse(self, mask: int) -> tuple[int, Array, Array]:
        """(bits of most targets, columns of the others, their bits), columns ascending."""
        found = self._sparse.get(mask)
        if found is None:
            dense = np.full(self.targets, ALL_ACTIONS, dtype=np.uint8)
            for number in self.members[mask]:
                dense &= self._evaluate(self.lists[number])
            base = int(np.bincount(dense, minlength=1).argmax()) if self.targets else 0
            columns = np.flatnonzero(dense != base).astype(np.int32)
            found = self._sparse[mask] = (base, columns, dense[columns])
        return found

    def at(self, mask: int, columns: Array) -> Array:
        """Bits it lets through at these columns."""
        base, others, bits = self.sparse(mask)
        result = np.full(len(columns), base, dtype=np.uint8)
        if len(others):
            place = np.minimum(np.searchsorted(others, columns), len(others) - 1)
            hit = others[place] == columns
            result[hit] = bits[place[hit]]
        return result

    def _evaluate(self, scopes: tuple[str, ...]) -> Array:
        dense = np.zeros(self.targets, dtype=np.uint8)
        for scope in scopes:
            bits, glob = split_scope(scope)
            if bits:
                dense[self._matching(glob)] |= np.uint8(bits)
        return dense

    def _matching(self, glob: str) -> Array | slice:
        """Columns whose id the glob matches."""
        if glob and not glob.strip("*"):
            return slice(None)
        wild = min((at for at in (glob.find("*"), glob.find("?")) if at >= 0), default=len(glob))
        prefix = glob[:wild]
        low = bisect_left(self._ids, prefix)
        if wild == len(glob):
            return self._order[low : bisect_right(self._ids, prefix, lo=low)]
        high = bisect_right(self._ids, prefix, lo=low, key=lambda id: id[:wild])
        if glob[wild:] == "*":
            return self._order[low:high]
        found = self._matched.get(glob)
        if found is None:
            while len(self._matched) >= _GLOBS_KEPT:
                del self._matched[next(iter(self._matched))]
            found = self._matched[glob] = self._order[self._tried(glob, wild, low, high)]
        return found

    def _tried(self, glob: str, wild: int, low: int, high: int) -> list[int]:
        """Places between ``low`` and ``high`` whose id the glob matches, whose literal beginning of ``wild`` characters they all have."""
        rest = glob[wild:]
        inner = rest[1:-1]
        if len(rest) > 1 and rest[0] == rest[-1] == "*" and "*" not in inner and "?" not in inner:
            return [place for place in range(low, high) if self._ids[place].find(inner, wild) >= 0]
        match = glob_form(glob).match
        return [place for place in range(low, high) if match(self._ids[place])]


class MaskTable:
    """The masks numbered in ``used``, side by side; a mask's place in ``used`` is its row."""

    def __init__(self, masks: Masks, used: Sequence[int]) -> None:
        sparse = [masks.sparse(number) for number in used]
        self._base = np.array([base for base, _, _ in sparse], dtype=np.uint8)
        self._wide = np.array([sum(base << (5 * place) for place in range(PER_WORD)) for base, _, _ in sparse], dtype=np.uint64)
        row = np.repeat(np.arange(len(used)), [len(columns) for _, columns, _ in sparse])
        column = np.concatenate([columns for _, columns, _ in sparse]) if sparse else np.zeros(0, dtype=np.int32)
        delta = np.concatenate([bits ^ np.uint8(base) for base, _, bits in sparse]) if sparse else np.zeros(0, dtype=np.uint8)
        order = np.argsort(column, kind="stable")
        self._row, self._column, self._delta = row[order], column[order], delta[order]

    def words(self, first: int, width: int) -> Array:
        """(masks, ``width``) words from word ``first`` on."""
        words = np.repeat(self._wide[:, None], width, axis=1)
        inside = slice(*np.searchsorted(self._column, (first * PER_WORD, (first + width) * PER_WORD)))
        word, place = np.divmod(self._column[inside], PER_WORD)
        np.bitwise_xor.at(words, (self._row[inside], word - first), self._delta[inside].astype(np.uint64) << (5 * place).astype(np.uint64))
        return words

    def at_column(self, column: int) -> Array:
        """Bits that each mask lets through at one column."""
        bits = self._base.copy()
        inside = slice(*np.searchsorted(self._column, (column, column + 1)))
        bits[self._row[inside]] ^= self._delta[inside]
        return bits
