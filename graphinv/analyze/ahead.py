"""Queries of rules that are answered ahead: in a thread beside the one that loads the graph."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from graphinv.model.errors import UsageError
from graphinv.store import Rows

if TYPE_CHECKING:
    from graphinv.analyze.rules import Ask, Rule


class Ahead:
    """``query``, of whom all that ``rules`` ask about the time ``at`` is asked from now on, one after the other in another thread.

    To be called like it: then each answer is given once, waited for where it is not there yet; what goes wrong is raised there.
    """

    def __init__(self, rules: Mapping[str, Rule], query: Ask, at: str) -> None:
        self._query = query
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._asked: dict[str, tuple[Mapping[str, Any], Future[Rows]]] = {}
        for rule in rules.values():
            if rule.cypher:
                with suppress(UsageError):  # which is told of the rule when it is judged
                    params = rule.asked({}, at)
                    self._asked[rule.cypher] = params, self._thread.submit(query, rule.cypher, params)

    def __call__(self, cypher: str, params: Mapping[str, Any]) -> Rows:
        asked, answer = self._asked.get(cypher, ({}, None))
        if answer is None or asked != params:
            return self._query(cypher, params)
        del self._asked[cypher]  # an answer is large, and here no longer needed
        return answer.result()

    def wait(self) -> None:
        """Until all are answered, or have failed. The thread ends, too, and with it what the store keeps for it."""
        self._thread.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._thread.shutdown(cancel_futures=True)
