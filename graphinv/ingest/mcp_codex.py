"""MCP servers of Codex: ``.codex/config.toml``, with its approval policy, sandbox, profiles and model providers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, tomldoc
from graphinv.ingest.support.builtins import builtin_facts, codex_apart, codex_network, codex_tools
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.sandboxes import commands_run
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

CLIENT = "codex"
NAME = "mcp_codex"
TITLE = "MCP servers of Codex"
FILES = (*patterns(CLIENT), "any other codex/config.toml that says what only Codex is told")
_SAYS = re.compile(rb"(?m)^[ \t]*(?:approval_policy[ \t]*=|sandbox_mode[ \t]*=|model_reasoning_effort[ \t]*=|\[mcp_servers\.)")
MAX_BYTES = 2 * 1024 * 1024

_AUTONOMY = {
    "never": "autonomous",
    "on-failure": "approve_destructive",
    "on-request": "approve_each",
    "untrusted": "approve_each",
    "unless-trusted": "approve_each",
}
_SANDBOXES = ("read-only", "workspace-write", "danger-full-access")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a configuration of Codex, by its place or, in a folder that is linked to it, by what only Codex is told."""
    return project_folder(path, CLIENT) is not None or (f"/{path}".endswith("/codex/config.toml") and _SAYS.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given, and its agent roles."""
    located = tomldoc.parse(document)
    profiles = _profiles(located)
    top: dict[str, Any] = located.value
    top = {**top, **profiles.get(str(top.get("profile")), {})}
    folder = project_folder(document.path, CLIENT)
    folder = document.folder if folder is None else folder
    host = clients.host_key(document, CLIENT, folder)
    labels = _labels("", top) + [label for name, profile in profiles.items() for label in _labels(name, profile)]
    yield clients.host_fact(document, CLIENT, folder, autonomy=_autonomy(top), labels=labels or None)
    yield from claude.model_facts(document, located.line("model"), host, top.get("model"))
    for name, profile in profiles.items():
        yield from claude.model_facts(document, located.line("profiles", name, "model"), host, profile.get("model"))
    yield from builtin_facts(document, located.line("sandbox_mode"), host, CLIENT, _tools(top))
    if _sandbox(top) in _SANDBOXES:
        yield from commands_run(document, located.line("sandbox_mode"), host, codex_apart(_sandbox(top), network=codex_network(top)))
    for key in ("mcp_servers", "mcpServers"):
        yield from clients.servers(document, located, (key,), client=CLIENT, folder=folder, host=host)
    yield from _roles(document, located, host, folder)
    yield from _providers(document, located, host)
    yield from clients.other_secrets(document, located, host, without=("mcp_servers", "mcpServers", "model_providers"))


def _autonomy(top: dict[str, Any]) -> str | None:
    policy = top.get("approval_policy")
    return _AUTONOMY.get(policy) if isinstance(policy, str) else None


def _tools(top: dict[str, Any]) -> list[str]:
    """What the host itself can do: a shell as wide as its sandbox, and the web where it says so."""
    tools, features = (value if isinstance(value, dict) else {} for value in (top.get("tools"), top.get("features")))
    searches = (top.get("web_search"), tools.get("web_search"), features.get("web_search_request"))
    web = ["web_search"] if any(value not in (None, False, "disabled") for value in searches) else []
    return [*codex_tools(top.get("sandbox_mode"), network=codex_network(top)), *web]


def _profiles(located: Located) -> dict[str, dict[str, Any]]:
    """``[profiles.<name>]``: settings that replace those of the top for whoever asks for them, or for all where ``profile`` names one."""
    profiles = located.value.get("profiles")
    entries = list(profiles.items())[: claude.MAX_ITEMS] if isinstance(profiles, dict) else ()
    return {name: profile for name, profile in entries if isinstance(profile, dict)}


def _sandbox(settings: dict[str, Any]) -> object:
    permissions = settings.get("default_permissions")
    return settings.get("sandbox_mode", permissions.lstrip(":") if isinstance(permissions, str) else None)


def _labels(profile: str, settings: dict[str, Any]) -> list[str]:
    """The sandbox of the host or, with its approvals, of one of its profiles."""
    mode = _sandbox(settings)
    policy = settings.get("approval_policy")
    before = f"profile.{redact(profile[: claude.MAX_NAME])}." if profile else ""
    found = [f"{before}sandbox={mode}"] if mode in _SANDBOXES else []
    return [*found, f"{before}approval={policy}"] if profile and isinstance(policy, str) and policy in _AUTONOMY else found


def _roles(document: Document, located: Located, host: NodeKey, folder: str) -> Iterator[Fact]:
    """``[agents.<role>]``: sub-agents that the host may start."""
    roles = located.value.get("agents")
    for name, role in roles.items() if isinstance(roles, dict) else ():
        if not isinstance(role, dict):
            continue
        key = clients.host_key(document, CLIENT, folder, name)
        sources = [document.source(located.line("agents", name))]
        props = {"name": redact(name), "status": "active", "framework": CLIENT, "kind_detail": "codex agent role", "sources": sources}
        yield NodeFact(*key, props)
        yield EdgeFact("DELEGATES_TO", host, key, {"mode": "invoke", "evidence": ["declared"], "sources": sources})


def _providers(document: Document, located: Located, host: NodeKey) -> Iterator[Fact]:
    """Keys of model providers: ``env_key`` names the variable that holds one."""
    providers = located.value.get("model_providers")
    for name, provider in providers.items() if isinstance(providers, dict) else ():
        if not isinstance(provider, dict):
            continue
        line = located.line("model_providers", name)
        variable = provider.get("env_key")
        if isinstance(variable, str):
            yield from secret_facts(document, line, host, "api_key", f"${{{variable}}}", "config")
        headers = provider.get("env_http_headers")
        for header, variable in headers.items() if isinstance(headers, dict) else ():
            if isinstance(variable, str):
                yield from secret_facts(document, line, host, header, f"${{{variable}}}", "config")
        for key, text in provider.items():
            if isinstance(text, str) and key not in ("env_key", "name"):
                yield from secret_facts(document, line, host, key, text, "config")
