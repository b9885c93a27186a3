"""MCP servers of Crush: ``crush.json``, with what it may do unasked and its model providers.

Drawn:
    (:Agent host)-[:CONNECTS_TO]->(:ToolServer), (:Agent host)-[:USES {approved}]->(:Tool built-in), (:Agent host)-[:HOLDS]->(:Secret)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.parts import inside, mapping, texts
from graphinv.model.facts import Fact

CLIENT = "crush"
NAME = "mcp_crush"
TITLE = "MCP servers of Crush"
FILES = (*patterns(CLIENT), "any other crush.json that says what only Crush is told")
MAX_BYTES = 2 * 1024 * 1024

_SAYS = re.compile(rb'charm\.land/crush|"(?:mcp|providers|lsp|permissions|options)"\s*:\s*\{')


def detect(path: str, head: bytes) -> bool:
    """Whether it is a configuration of Crush, by its place or, where others call their files so too, by what it begins with."""
    return project_folder(path, CLIENT) is not None or (f"/{path}".endswith("/crush.json") and _SAYS.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """The host, its tools, its servers and what they are given, and the keys of its providers.

    Raises:
        IngestError: not JSON, or no object at its top.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT)
    folder = document.folder if folder is None else folder
    host = clients.host_key(document, CLIENT, folder)
    yield clients.host_fact(document, CLIENT, folder)
    yield from clients.duplicate_problems(located, document, NAME)
    off = set(texts(inside(top, "options").get("disabled_tools")))
    allowed = {name.partition(":")[0] for name in texts(mapping(top.get("permissions")).get("allowed_tools"))}
    for tool in INHERENT[CLIENT]:
        said = {"approved": True, "approval": "client", "approved_by": document.source()} if tool in allowed else {}
        if tool not in off:
            line = located.line("permissions", "allowed_tools") if said else located.line()
            yield from builtin_facts(document, line, host, CLIENT, [tool], **said)
    yield from clients.servers(document, located, ("mcp",), client=CLIENT, folder=folder, host=host)
    yield from clients.other_secrets(document, located, host, without=("mcp", "lsp"))
