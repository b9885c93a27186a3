"""MCP servers that are written in the tree: their ids, and the names by which a configuration that starts their file finds them.

A configured server (:mod:`graphinv.ingest.support.servers`) says with a label which file or module its command runs. A server in source is
bound to every name that such a label can have for its file, in the folder that the name is relative to; the pipeline
(:mod:`graphinv.pipeline.joins`) gives the configured server the tools of the one in source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphinv.ingest.support.places import environment_of
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Props

ENTRY_SPACE = "mcp-entry"
"""Space of the bindings: ``src/server.py``, ``module:acme.server``; ``packages/server``, a package's folder; ``package:@acme/server``,
``pypi:acme-server``, ``golang:acme.example/server``, ``nuget:Acme.Server``; ``program:acme-server``, what is built or installed."""

MAX_FOLDERS = 12
_BUILT = ("dist", "build", "out", "lib")
_SUFFIX = re.compile(r"\.(?:py|ipynb|[cm]?[jt]sx?|go|cs)$")


def source_server_key(root: str, path: str, name: str) -> NodeKey:
    """The node of the server called ``name`` that the document ``path`` defines.

    >>> source_server_key("shop", "src/server.py", "orders")
    ('ToolServer', 'mcp-source:shop/src/server#orders')
    """
    return "ToolServer", f"mcp-source:{root}/{_SUFFIX.sub('', path)}#{name}"


def source_tool_key(server: NodeKey, name: str) -> NodeKey:
    """The node of its tool called ``name``."""
    return "Tool", f"{server[1]}/{name}"


def source_server_facts(
    root: str,
    path: str,
    name: str,
    sources: list[str],
    *,
    transport: str | None = None,
    version: str | None = None,
    starters: Iterable[str] = (),
) -> Iterator[Fact]:
    """The server itself and its entry points.

    Args:
        root: name of the root.
        path: document that defines it.
        name: the name its author gave it.
        sources: where it is defined.
        transport: ``stdio``, ``http``, ``sse`` where the source says so.
        version: where the source says so.
        starters: other documents that start it when they are run.
    """
    key = source_server_key(root, path, name)
    props: Props = {
        "name": name,
        "kind_detail": "mcp server in source",
        "protocol": "mcp",
        "transport": transport,
        "origin": "internal",
        "version": version,
        "environment": environment_of(path),
        "sources": sources,
    }
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    for document in dict.fromkeys([path, *starters]):
        for folder, entry in entry_names(document):
            yield Binding(ENTRY_SPACE, entry, key, folder, document)


def provides(server: NodeKey, tool: NodeKey, sources: list[str]) -> EdgeFact:
    """(:ToolServer)-[:PROVIDES]->(:Tool)"""
    return EdgeFact("PROVIDES", server, tool, {"evidence": ["declared"], "sources": sources})


def entry_names(path: str) -> Iterator[tuple[str, str]]:
    """(folder, name) for every name by which a configuration in or below ``folder`` can start the document ``path``: the path from there,
    what it is built to, its module.

    >>> list(entry_names("api/src/main.py"))[:4]
    [('', 'api/src/main.py'), ('', 'module:api.src.main'), ('api', 'src/main.py'), ('api', 'module:src.main')]
    >>> ("api", "module:main") in entry_names("api/src/main.py"), ("", "dist/index.js") in entry_names("src/index.ts")
    (True, True)
    """
    parts = path.split("/")
    for start in range(max(0, len(parts) - MAX_FOLDERS), len(parts)):
        folder, rest = "/".join(parts[:start]), "/".join(parts[start:])
        for name in dict.fromkeys([rest, *_modules(rest), *_builds(rest)]):
            yield folder, name


def folders_above(folder: str) -> Iterator[tuple[str, str]]:
    """(above, name) for every folder from which a configuration can name the folder of a program.

    >>> list(folders_above("tools/cmd/orders"))
    [('', 'tools/cmd/orders'), ('tools', 'cmd/orders'), ('tools/cmd', 'orders'), ('tools/cmd/orders', '.')]
    """
    parts = folder.split("/") if folder else []
    for start in range(max(0, len(parts) - MAX_FOLDERS), len(parts)):
        yield "/".join(parts[:start]), "/".join(parts[start:])
    yield folder, "."


def _modules(rest: str) -> Iterator[str]:
    if not rest.endswith(".py"):
        return
    module = re.sub(r"/?__(?:main|init)__$", "", rest.removesuffix(".py")).replace("/", ".")
    for name in (module, module.removeprefix("src.")):
        if name:
            yield f"module:{name}"


def _builds(rest: str) -> Iterator[str]:
    """What TypeScript is built to."""
    match = re.fullmatch(r"(.+)\.([cm]?)tsx?", rest)
    if not match or rest.endswith(".d.ts"):
        return
    stem, kind = match[1], match[2]
    for name in dict.fromkeys([stem.removeprefix("src/"), stem]):
        for folder in _BUILT:
            yield f"{folder}/{name}.{kind}js"
            if kind == "":
                yield f"{folder}/{name}.mjs"
    yield f"{stem}.{kind}js"
