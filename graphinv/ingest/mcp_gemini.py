"""MCP servers of the Gemini CLI and of Qwen Code, which is made from it: their ``settings.json`` and the manifests of extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import client_of, patterns, project_folder
from graphinv.ingest.support.sandboxes import commands_run
from graphinv.model.facts import Fact

CLIENTS = ("gemini-cli", "qwen-code")
NAME = "mcp_gemini"
TITLE = "MCP servers of the Gemini CLI and Qwen Code"
FILES = patterns(*CLIENTS)
_AUTONOMY = {"yolo": "autonomous", "auto_edit": "approve_destructive", "default": "approve_each", "plan": "suggest"}

_INSTALLED = re.compile(r"(?:(?P<folder>.*)/)?\.gemini/extensions/[^/]+", re.DOTALL)
"""The folder of an extension that whoever works in the folder above it has."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is the settings of one of them or an extension's manifest."""
    return client_of(path, CLIENTS) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given. Servers outside ``mcp.allowed`` or in ``mcp.excluded`` are switched off."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    client = client_of(document.path, CLIENTS) or CLIENTS[0]
    folder = project_folder(document.path, client) or ""
    installed = _INSTALLED.fullmatch(folder)
    folder = (installed["folder"] or "") if installed else folder
    host = clients.host_key(document, client, folder)
    entries = top.get("mcpServers")
    off = _switched_off(top, entries)
    on = {name: entry for name, entry in entries.items() if name not in off} if isinstance(entries, dict) else {}
    sandbox = _setting(top, "tools", "sandbox")
    sandbox = top.get("sandbox") if sandbox is None else sandbox
    labels = ["sandbox=true"] if sandbox is True else []
    excluded = top.get("excludeTools", _setting(top, "tools", "exclude"))
    if isinstance(excluded, list) and excluded:
        labels.append(f"excluded_tools={len(excluded)}")
    yield clients.host_fact(document, client, folder, autonomy=_autonomy(top) or clients.trust_all(on), labels=labels or None)
    if isinstance(sandbox, (bool, str)):  # one that is on keeps apart what its profile says
        yield from commands_run(document, located.line("tools", "sandbox"), host, None if sandbox else False)
    yield from clients.duplicate_problems(located, document, NAME)
    yield from clients.servers(document, located, ("mcpServers",), client=client, folder=folder, host=host, skip=off)
    yield from clients.other_secrets(document, located, host, without=("mcpServers",))


def _setting(top: dict[str, Any], section: str, name: str) -> object:
    inner = top.get(section)
    return inner.get(name) if isinstance(inner, dict) else None


def _autonomy(top: dict[str, Any]) -> str | None:
    mode = _setting(top, "general", "defaultApprovalMode") or _setting(top, "tools", "approvalMode") or top.get("approvalMode")
    if top.get("yolo") is True:
        return "autonomous"
    return _AUTONOMY.get(mode.replace("-", "_")) if isinstance(mode, str) else None


def _switched_off(top: dict[str, Any], entries: object) -> frozenset[str]:
    names = frozenset(entries) if isinstance(entries, dict) else frozenset()
    allowed = _setting(top, "mcp", "allowed") or top.get("allowMCPServers")
    excluded = _setting(top, "mcp", "excluded") or top.get("excludeMCPServers")
    off = frozenset(name for name in excluded if isinstance(name, str)) if isinstance(excluded, list) else frozenset()
    if isinstance(allowed, list):
        off |= names - frozenset(name for name in allowed if isinstance(name, str))
    return off & names
