"""The compiled inner loops: strong components, the fixpoint over one block of columns, and what is counted from its result.

All of them are iterative and work on flat arrays. A *row* belongs to a component, a *word* of a row holds some columns of all subjects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from graphinv.analyze.scopes import ALL_ACTIONS, PER_WORD, Array

_FIVE, _FIVE_BITS = np.uint64(ALL_ACTIONS), np.uint64(5)

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """``function`` as machine code, kept on disk where there is a place to write (beside the package, or in the user's cache)."""
    try:
        return cast(F, numba.njit(function, cache=True, nogil=True))
    except RuntimeError:  # nowhere to write: compile in every process
        return cast(F, numba.njit(function, nogil=True))


@compiled
def strong_components(pointers: Array, heads: Array, label: Array, finish: Array) -> int:
    """Tarjan's strong components of a graph in CSR form, without recursion. O(nodes + arcs).

    ``label`` receives the number of each node's component, such that every arc leads to an equal or a lower number (sinks first);
    ``finish`` the nodes in the order in which a depth-first search leaves them. Returns how many components there are.
    """
    size = len(pointers) - 1
    order = np.zeros(size, np.int32)
    low = np.zeros(size, np.int32)
    cursor = pointers[:-1].copy()
    waiting = np.empty(size, np.int32)
    trail = np.empty(size, np.int32)
    label[:] = -1
    clock, components, finished, pending = 0, 0, 0, 0
    for root in range(size):
        if order[root] != 0:
            continue
        depth = 0
        trail[0] = root
        clock += 1
        order[root] = low[root] = clock
        waiting[pending] = root
        pending += 1
        while depth >= 0:
            node = trail[depth]
            if cursor[node] < pointers[node + 1]:
                head = heads[cursor[node]]
                cursor[node] += 1
                if order[head] == 0:
                    depth += 1
                    trail[depth] = head
                    clock += 1
                    order[head] = low[head] = clock
                    waiting[pending] = head
                    pending += 1
                elif label[head] < 0:
                    low[node] = min(low[node], order[head])
                continue
            finish[finished] = node
            finished += 1
            depth -= 1
            if depth >= 0:
                low[trail[depth]] = min(low[trail[depth]], low[node])
            if low[node] == order[node]:
                while True:
                    pending -= 1
                    member = waiting[pending]
                    label[member] = components
                    if member == node:
                        break
                components += 1
    return components


@compiled
def solve_block(  # noqa: PLR0912, PLR0913, PLR0915, PLR0917 - one loop nest over flat arrays
    pointers: Array,
    heads: Array,
    arc_mask: Array,
    back_pointers: Array,
    tails: Array,
    order: Array,
    group_ends: Array,
    group_of: Array,
    own_row: Array,
    own_word: Array,
    own_bits: Array,
    masks: Array,
    slot: Array,
    rows: Array,
) -> int:
    """Least fixpoint over the columns of one block: ``row(c) = own(c) | OR over arcs (row(head) & mask)``.

    ``order`` lists the rows so that whatever a row depends on comes before it, except inside a group (rows of one strong component of all
    arcs, which end at ``group_ends``); inside a group, rows whose input changed are done again until none is left. ``slot`` receives, for
    each row that is not empty, its place in ``rows``, else -1. Returns how many are not empty. O(arcs · words) without masked cycles.
    """
    width = rows.shape[1]
    used = 0
    slot[:] = -1
    for entry in range(len(own_row)):
        row = own_row[entry]
        if slot[row] < 0:
            slot[row] = used
            rows[used, :] = 0
            used += 1
        rows[slot[row], own_word[entry]] |= own_bits[entry]
    dirty = np.zeros(len(slot), np.bool_)
    fresh = np.zeros(width, np.uint64)
    start = 0
    for place_of_group in range(len(group_ends)):
        end = group_ends[place_of_group]
        group = group_of[order[start]]
        for place in range(start, end):
            dirty[order[place]] = True
        again = True
        while again:
            again = False
            for place in range(start, end):
                row = order[place]
                if not dirty[row]:
                    continue
                dirty[row] = False
                some = False
                for arc in range(pointers[row], pointers[row + 1]):
                    other = slot[heads[arc]]
                    if other < 0:
                        continue
                    if not some:
                        some = True
                        fresh[:] = 0
                    mask = arc_mask[arc]
                    if mask < 0:
                        for word in range(width):
                            fresh[word] |= rows[other, word]
                    else:
                        for word in range(width):
                            fresh[word] |= rows[other, word] & masks[mask, word]
                if not some:
                    continue
                mine = slot[row]
                changed = False
                if mine < 0:
                    for word in range(width):
                        if fresh[word] != 0:
                            changed = True
                            break
                    if changed:
                        slot[row] = used
                        rows[used, :] = fresh
                        used += 1
                else:
                    for word in range(width):
                        joined = rows[mine, word] | fresh[word]
                        if joined != rows[mine, word]:
                            rows[mine, word] = joined
                            changed = True
                if changed and end - start > 1:
                    for arc in range(back_pointers[row], back_pointers[row + 1]):
                        tail = tails[arc]
                        if group_of[tail] == group and not dirty[tail]:
                            dirty[tail] = True
                            again = True
        start = end
    return used


@compiled
def popcount(bits: Any) -> Any:
    """Number of set bits of a word."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def gather(slot: Array, rows: Array, first_word: int, wanted: Array, sizes: Array, out_row: Array, out_word: Array, out_bits: Array) -> int:
    """Put the words of a block that are not zero, of the rows ``wanted``, into ``out_*`` and add their number per row to ``sizes``; with
    empty ``out_*`` only count. Returns how many there are.
    """
    found = 0
    writing = len(out_row) > 0
    for row in range(len(slot)):
        place = slot[row]
        if place < 0 or not wanted[row]:
            continue
        for word in range(rows.shape[1]):
            bits = rows[place, word]
            if bits != 0:
                if writing:
                    out_row[found] = row
                    out_word[found] = first_word + word
                    out_bits[found] = bits
                    sizes[row] += 1
                found += 1
    return found


@compiled
def place(cursor: Array, row: Array, word: Array, bits: Array, out_word: Array, out_bits: Array) -> None:
    """Put words where their rows have room: a counting sort that keeps the order of words in a row."""
    for entry in range(len(row)):
        at = cursor[row[entry]]
        cursor[row[entry]] = at + 1
        out_word[at] = word[entry]
        out_bits[at] = bits[entry]


@compiled
def unfold(words: Array, bits: Array) -> tuple[Array, Array]:
    """Words of a row that are not zero, ascending, as (columns ascending, action bits of each)."""
    count = 0
    for entry in range(len(words)):
        rest = bits[entry]
        while rest != 0:
            count += (rest & _FIVE) != 0
            rest >>= _FIVE_BITS
    columns, fives = np.empty(count, np.int64), np.empty(count, np.uint8)
    found = 0
    for entry in range(len(words)):
        rest = bits[entry]
        column = np.int64(words[entry]) * PER_WORD
        while rest != 0:
            if rest & _FIVE != 0:
                columns[found] = column
                fives[found] = rest & _FIVE
                found += 1
            rest >>= _FIVE_BITS
            column += 1
    return columns, fives


@compiled
def without(words: Array, bits: Array, other_words: Array, other_bits: Array) -> tuple[Array, Array]:
    """Words of a row, less the bits that another one has; both ascending."""
    left_words, left_bits = np.empty_like(words), np.empty_like(bits)
    found, other = 0, 0
    for entry in range(len(words)):
        while other < len(other_words) and other_words[other] < words[entry]:
            other += 1
        rest = bits[entry]
        if other < len(other_words) and other_words[other] == words[entry]:
            rest &= ~other_bits[other]
        if rest != 0:
            left_words[found] = words[entry]
            left_bits[found] = rest
            found += 1
    return left_words[:found], left_bits[:found]


@compiled
def digest(  # noqa: PLR0913, PLR0917 - flat arrays in, as all kernels
    slot: Array,
    rows: Array,
    first_word: int,
    entry_of: Array,
    members: Array,
    weight: Array,
    best: Array,
    sums: Array,
    impact: Array,
    top_amount: Array,
    top_deed: Array,
    holders: Array,
    heavy_bits: int,
) -> None:
    """Add one block to the sums of the rows that have an entry (``entry_of[row]`` ≥ 0).

    Per entry: ``sums`` receives atoms, targets, and targets that count; ``impact`` the sum of ``weight[column] · best[bits of its
    actions]``; ``top_amount`` the largest summands, descending, and ``top_deed`` their columns and bits. Per column, ``holders`` receives
    how many ``members`` the rows with any bit have, and those with one of ``heavy_bits``.
    """
    per_word = 12
    kept = top_amount.shape[1]
    for row in range(len(slot)):
        entry = entry_of[row]
        if slot[row] < 0 or entry < 0:
            continue
        for word in range(rows.shape[1]):
            bits = rows[slot[row], word]
            if bits == 0:
                continue
            sums[entry, 0] += popcount(bits)
            column = (first_word + word) * per_word
            while bits != 0:
                five = np.int64(bits & np.uint64(31))
                if five != 0:
                    sums[entry, 1] += 1
                    holders[column, 0] += members[entry]
                    if five & heavy_bits:
                        holders[column, 1] += members[entry]
                    amount = weight[column] * best[five]
                    if amount > 0:
                        sums[entry, 2] += 1
                        impact[entry] += amount
                        if amount > top_amount[entry, kept - 1]:
                            at = kept - 1
                            while at > 0 and amount > top_amount[entry, at - 1]:
                                top_amount[entry, at] = top_amount[entry, at - 1]
                                top_deed[entry, at, 0] = top_deed[entry, at - 1, 0]
                                top_deed[entry, at, 1] = top_deed[entry, at - 1, 1]
                                at -= 1
                            top_amount[entry, at] = amount
                            top_deed[entry, at, 0] = column
                            top_deed[entry, at, 1] = five
                bits >>= np.uint64(5)
                column += 1


@compiled
def count_kinds(slot: Array, rows: Array, wanted: Array, word_kind: Array, counts: Array) -> None:
    """Add to ``counts[row, kind]`` the set bits of a block's first ``len(word_kind)`` words, each of which holds columns of one kind."""
    for row in range(len(slot)):
        if slot[row] < 0 or not wanted[row]:
            continue
        for word in range(len(word_kind)):
            counts[row, word_kind[word]] += popcount(rows[slot[row], word])


@compiled
def search(
    back_pointers: Array,
    back_arcs: Array,
    source: Array,
    mask: Array,
    passing: Array,
    owners: Array,
    distance: Array,
    step: Array,
) -> None:
    """Breadth-first search against the arcs from ``owners``, through arcs whose mask is ``passing`` (the last entry is for no mask).

    ``distance`` receives the number of arcs from each node to its nearest owner, -1 where there is no way; ``step`` the arc to take there:
    of those that are shortest the one to the lowest node, then the lowest arc. O(nodes + arcs met).
    """
    distance[:] = -1
    step[:] = -1
    queue = np.empty(len(distance), np.int32)
    head, tail = 0, 0
    for owner in owners:
        if distance[owner] < 0:
            distance[owner] = 0
            queue[tail] = owner
            tail += 1
    level_target = np.empty(len(distance), np.int32)
    while head < tail:
        node = queue[head]
        head += 1
        for place in range(back_pointers[node], back_pointers[node + 1]):
            arc = back_arcs[place]
            if not passing[mask[arc]]:
                continue
            other = source[arc]
            if distance[other] < 0:
                distance[other] = distance[node] + 1
                queue[tail] = other
                tail += 1
                step[other] = arc
                level_target[other] = node
            elif distance[other] == distance[node] + 1 and (
                node < level_target[other] or (node == level_target[other] and arc < step[other])
            ):
                step[other] = arc
                level_target[other] = node


@compiled
def dominators(  # noqa: PLR0912 - one algorithm over flat arrays
    pointers: Array, heads: Array, back_pointers: Array, tails: Array, root: int
) -> Array:
    """Immediate dominators of a graph seen from ``root``: for each vertex the last one before it that all ways to it pass; itself for the
    root, -1 where there is no way.

    ``pointers``/``heads`` are the arcs away from the root, ``back_pointers``/``tails`` the same towards it. The iteration of Cooper, Harvey
    and Kennedy (A Simple, Fast Dominance Algorithm, 2001): near-linear on graphs that are nearly acyclic, without recursion.
    """
    size = len(pointers) - 1
    place = np.full(size, -1, np.int32)
    order = np.empty(size, np.int32)
    cursor = pointers[:-1].copy()
    trail = np.empty(size, np.int32)
    seen = np.zeros(size, np.bool_)
    trail[0] = root
    seen[root] = True
    depth, left = 0, size
    while depth >= 0:
        vertex = trail[depth]
        if cursor[vertex] < pointers[vertex + 1]:
            head = heads[cursor[vertex]]
            cursor[vertex] += 1
            if not seen[head]:
                seen[head] = True
                depth += 1
                trail[depth] = head
            continue
        left -= 1
        order[left] = vertex
        depth -= 1
    order = order[left:].copy()
    for at in range(len(order)):
        place[order[at]] = at
    above = np.full(size, -1, np.int32)
    above[root] = root
    changed = True
    while changed:
        changed = False
        for at in range(1, len(order)):
            vertex = order[at]
            best = -1
            for entry in range(back_pointers[vertex], back_pointers[vertex + 1]):
                other = tails[entry]
                if above[other] < 0:
                    continue
                if best < 0:
                    best = other
                    continue
                while best != other:
                    while place[best] > place[other]:
                        best = above[best]
                    while place[other] > place[best]:
                        other = above[other]
            if above[vertex] != best:
                above[vertex] = best
                changed = True
    return above


@compiled
def nearest_before(pointers: Array, arcs: Array, source: Array, wanted: Array, start: int, most: int, looked_at: int, seen: Array) -> Array:
    """Nodes that are ``wanted`` among those that come to ``start``, nearest first: breadth first against the arcs, at most ``most`` of
    them, and no further once ``looked_at`` nodes were met. ``seen`` (a byte for each node) is lent, all zero, and given back so.
    """
    queue = np.empty(looked_at + 1, np.int32)
    found = np.empty(most, np.int32)
    queue[0] = start
    seen[start] = 1
    head, tail, count = 0, 1, 0
    while head < tail and count < most and tail < looked_at:
        node = queue[head]
        head += 1
        if wanted[node]:
            found[count] = node
            count += 1
        for place in range(pointers[node], pointers[node + 1]):
            other = source[arcs[place]]
            if seen[other] == 0:
                seen[other] = 1
                if tail == len(queue):
                    longer = np.empty(2 * len(queue), np.int32)
                    longer[:tail] = queue
                    queue = longer
                queue[tail] = other
                tail += 1
    for place in range(tail):
        seen[queue[place]] = 0
    return found[:count]
