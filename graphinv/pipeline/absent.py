"""Why a query of the library has no rows: what it was asked about is not there, or there no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from graphinv.analyze.library import Query
from graphinv.model.errors import NotFound
from graphinv.store import Rows

NEAR = 5
"""Names that are shown instead of one that nothing has."""


class Asks(Protocol):
    """Whatever answers queries."""

    def query(self, cypher: str, params: Mapping[str, Any] | None = None) -> Rows:
        """The rows of an answer."""
        ...


def absent(store: Asks, query: Query, bound: Mapping[str, Any]) -> list[str]:
    """What of the values ``bound`` to the parameters of ``query`` named something that is gone, in words.

    Raises:
        NotFound: one names nothing at all; says what has a name that holds it.
    """
    gone = []
    for name, parameter in query.parameters.items():
        if not parameter.of:
            continue
        nodes, value = f"MATCH (n:{'|'.join(parameter.of)})", {"x": bound[name]}
        named = f"{nodes} WHERE $x IN [n.id, n.name, n.url, n.email] OR n.purl STARTS WITH $x"
        found = store.query(f"{named} RETURN n.gone_at AS gone_at ORDER BY coalesce(gone_at, '9999') DESC LIMIT 1", value).rows
        if not found:
            holds = "WHERE n.gone_at IS NULL AND (toLower(n.name) CONTAINS toLower($x) OR toLower(n.id) CONTAINS toLower($x))"
            near = store.query(f"{nodes} {holds} RETURN DISTINCT n.name AS name ORDER BY size(name), name LIMIT {NEAR}", value).rows
            hint = f"; near to it: {', '.join(str(one) for (one,) in near)}" if near else ""
            raise NotFound(f"no {' or '.join(parameter.of)} is called {bound[name]!r}{hint}")
        if found[0][0] is not None:
            gone.append(f"{bound[name]} is gone since {found[0][0]}; what is gone is left out")
    return gone
