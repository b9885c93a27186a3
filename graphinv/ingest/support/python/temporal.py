"""Handles by which agents that run as workflows of Temporal name the MCP servers that their worker starts.

A workflow says ``stateless_mcp_server("files")``, ``TemporalMCPClient(server="files")`` or ``TemporalMcpToolSet("files")``; its worker says
what that is: ``StatelessMCPServerProvider("files", make)``, ``StrandsPlugin(mcp_clients={"files": make})``.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.tree import Tree
from graphinv.ingest.support.python.values import DictV, Made, Value

_PACKAGES = ("temporalio.contrib",)
_HANDLES = frozenset({"stateful_mcp_server", "stateless_mcp_server", "TemporalMCPClient", "TemporalMcpToolSet"})
_PROVIDERS = ("StatefulMCPServerProvider", "StatelessMCPServerProvider", "TemporalMcpToolSetProvider")


def is_handle(value: Value) -> bool:
    """Whether a value stands for a server of the worker."""
    return isinstance(value, Made) and value.symbol in _HANDLES and value.within(*_PACKAGES)


def behind(tree: Tree, value: Value) -> list[Value]:
    """The servers that workers of the tree start by the name of a handle; ``value`` itself, if it is none."""
    if not isinstance(value, Made) or not is_handle(value):
        return [value]
    stated = value.arg("server") or value.arg("name", 0)
    name = stated.text() if stated is not None else None
    return list(_started(tree, name)) if name else []


def _started(tree: Tree, name: str) -> Iterator[Value]:
    for made in tree.made(_PACKAGES, *_PROVIDERS):
        stated = made.arg("name", 0)
        if stated is not None and stated.text() == name:
            yield from (tree.call(one) for one in tree.items(made.passed("", 1)))
    for made in tree.made(_PACKAGES, "StrandsPlugin"):
        clients = made.arg("mcp_clients")
        yield from (tree.call(one) for one in tree.items(clients.get(name) if isinstance(clients, DictV) else None))
