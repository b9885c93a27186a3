"""Where the clients keep their configuration, and the host application itself: the agent that uses the servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.ingest.support.servers import is_disabled, is_server, lets_pass, server_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, NodeKey, Problem, Props

TITLES: Mapping[str, str] = {
    "claude-code": "Claude Code",
    "claude-desktop": "Claude Desktop",
    "cursor": "Cursor",
    "vscode": "VS Code",
    "visual-studio": "Visual Studio",
    "gemini-cli": "Gemini CLI",
    "windsurf": "Windsurf",
    "antigravity": "Antigravity",
    "codex": "Codex",
    "opencode": "opencode",
    "zed": "Zed",
    "cline": "Cline",
    "roo": "Roo Code",
    "continue": "Continue",
    "kiro": "Kiro",
    "amazon-q": "Amazon Q Developer",
    "copilot-cli": "GitHub Copilot CLI",
    "github-copilot": "GitHub Copilot",
    "agents-md": "Coding agent",
    "aider": "Aider",
    "junie": "Junie",
    "kilocode": "Kilo Code",
    "lm-studio": "LM Studio",
    "qwen-code": "Qwen Code",
    "trae": "Trae",
    "droid": "Factory Droid",
    "warp": "Warp",
    "amp": "Amp",
    "crush": "Crush",
    "litellm": "LiteLLM",
    "librechat": "LibreChat",
    "goose": "Goose",
    "mcp-agent": "mcp-agent",
    "fast-agent": "fast-agent",
    "mcp-client": "MCP client",
}
_USER_FOLDERS = ("Library/Application Support/", ".config/", "AppData/Roaming/")
_VSCODE_USERS = (
    *(f"{base}{product}/User/" for base in _USER_FOLDERS for product in ("Code", "Code - Insiders", "VSCodium")),
    ".vscode-server/data/User/",
)
_STORAGE = tuple(f"{user}globalStorage/" for user in _VSCODE_USERS)

FILES: Mapping[str, tuple[str, ...]] = {
    "claude-code": (".mcp.json", ".claude/.mcp.json", ".claude/mcp.json", ".claude.json", "managed-mcp.json"),
    "claude-desktop": (*(f"{base}Claude/claude_desktop_config.json" for base in _USER_FOLDERS), "claude_desktop_config.json"),
    "cursor": (".cursor/mcp.json",),
    "vscode": (
        ".vscode/mcp.json",
        ".vscode/settings.json",
        ".devcontainer/devcontainer.json",
        ".devcontainer.json",
        *(f"{user}{name}" for user in _VSCODE_USERS for name in ("mcp.json", "settings.json")),
    ),
    "gemini-cli": (".gemini/settings.json", "gemini-extension.json"),
    "windsurf": (
        ".codeium/windsurf/mcp_config.json",
        ".codeium/windsurf-next/mcp_config.json",
        ".windsurf/mcp_config.json",
        ".windsurf/mcp.json",
    ),
    "antigravity": (
        ".gemini/antigravity/mcp_config.json",
        ".gemini/config/mcp_config.json",
        ".antigravity/mcp_config.json",
        ".antigravitycli/mcp_config.json",
    ),
    "visual-studio": (".vs/mcp.json",),
    "codex": (".codex/config.toml",),
    "opencode": tuple(f"{base}{name}" for base in (".config/opencode/", ".opencode/", "") for name in ("opencode.json", "opencode.jsonc")),
    "zed": (
        ".zed/settings.json",
        ".config/zed/settings.json",
        "Library/Application Support/Zed/settings.json",
        "AppData/Roaming/Zed/settings.json",
    ),
    "cline": (*(f"{storage}saoudrizwan.claude-dev/settings/cline_mcp_settings.json" for storage in _STORAGE), "cline_mcp_settings.json"),
    "roo": (
        ".roo/mcp.json",
        *(f"{storage}rooveterinaryinc.roo-cline/settings/mcp_settings.json" for storage in _STORAGE),
        "rooveterinaryinc.roo-cline/settings/mcp_settings.json",
        ".roo/mcp_settings.json",
    ),
    "kiro": (".kiro/settings/mcp.json",),
    "amazon-q": (".amazonq/mcp.json", ".aws/amazonq/mcp.json", ".amazonq/default.json"),
    "copilot-cli": (".copilot/mcp-config.json",),
    "junie": (".junie/mcp/mcp.json",),
    "kilocode": (".kilocode/mcp.json",),
    "lm-studio": (".lmstudio/mcp.json",),
    "qwen-code": (".qwen/settings.json",),
    "trae": (".trae/mcp.json",),
    "droid": (".factory/mcp.json",),
    "warp": (".warp/.mcp.json",),
    "amp": tuple(f"{base}amp/settings.{form}" for base in (".config/", ".") for form in ("json", "jsonc")),
    "crush": (".config/crush/crush.json", ".local/share/crush/crush.json", ".crush.json"),
}
"""Ends of the paths of each client's own files; what stands before them is the project's (or the user's) folder."""
_ENDS = {client: tuple(f"/{ending}" for ending in endings) for client, endings in FILES.items()}


def project_folder(path: str, client: str) -> str | None:
    """The folder that a file of ``client`` configures, relative to the root; None where ``path`` is no such file.

    >>> project_folder("shop/.cursor/mcp.json", "cursor"), project_folder("mcp.json", "cursor")
    ('shop', None)
    """
    if not f"/{path}".endswith(_ENDS[client]):
        return None
    ends = [ending for ending in FILES[client] if f"/{path}".endswith(f"/{ending}")]
    return path[: -len(max(ends, key=len))].rstrip("/")


def client_of(path: str, clients: Iterable[str]) -> str | None:
    """The one of ``clients`` whose file ``path`` is."""
    return next((client for client in clients if project_folder(path, client) is not None), None)


def patterns(*clients: str) -> tuple[str, ...]:
    """Patterns of the files of ``clients``, for the documentation; of the many places of VS Code's user folder the first one on Linux."""
    endings = [ending for client in clients for ending in FILES[client]]
    return tuple(f"**/{ending}" for ending in endings if "/User/" not in ending or ending.startswith(".config/Code/"))


def host_key(document: Document, client: str, folder: str, agent: str = "") -> NodeKey:
    """Key of the application that the files of ``client`` in ``folder`` configure, or of the sub-agent ``agent`` in it."""
    place = f"{document.root}/{folder}" if folder else document.root
    return "Agent", f"{client}:{place}#{redact(agent)}" if agent else f"{client}:{place}"


def host_fact(document: Document, client: str, folder: str, **props: object) -> NodeFact:
    """The host application itself; ``props`` are further properties, None for unknown ones."""
    key = host_key(document, client, folder)
    stated: Props = {
        "name": f"{TITLES[client]} ({key[1].partition(':')[2]})",
        "status": "active",
        "framework": client,
        "kind_detail": f"{client} host",
        "sources": [document.source()],
        **props,
    }
    return NodeFact(*key, {name: value for name, value in stated.items() if value is not None})


def top_object(located: Located, document: Document) -> dict[str, Any]:
    """The document's top as an object.

    Raises:
        IngestError: it is something else.
    """
    if not isinstance(located.value, dict):
        raise IngestError("holds no object at its top", document=document.path, where=f"L{located.line()}")
    return located.value


def duplicate_problems(located: Located, document: Document, ingestor: str) -> Iterator[Problem]:
    """A warning for each key that stands twice, at most 20."""
    for _, line in located.duplicates[:20]:
        yield Problem(document.path, f"L{line}", "a key stands twice in one object; the last one counts", "warning", ingestor)


def at(located: Located, pointer: Pointer) -> Callable[..., int]:
    """Lines below ``pointer``, as :func:`server_facts` asks for them."""
    return lambda *below: located.line(*pointer, *below)


def bare_servers(document: Document, located: Located, pointer: Pointer, client: str, folder: str, ingestor: str) -> Iterator[Fact]:
    """Facts about the servers at ``pointer``, which is a map without a name of its own, or a list of servers by ``name``."""
    host, value = host_key(document, client, folder), value_at(located, pointer)
    entries: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for part, entry in entries:
        name = part if isinstance(part, str) else entry.get("name") if isinstance(entry, dict) else None
        if is_server(entry) and isinstance(name, str) and name.strip():
            where = at(located, (*pointer, part))
            yield from server_facts(document, client=client, host=host, name=name, entry=entry, where=where, folder=folder)
        elif isinstance(entry, dict) and not str(part).startswith(("_", "$")):
            message = "is no server: it has neither a command nor an address"
            yield Problem(document.path, f"L{located.line(*pointer, part)}", message, "warning", ingestor)


def servers(
    document: Document,
    located: Located,
    pointer: Pointer,
    *,
    client: str,
    folder: str,
    host: NodeKey,
    inputs: frozenset[str] = frozenset(),
    skip: frozenset[str] = frozenset(),
) -> Iterator[Fact]:
    """Facts about the map of servers at ``pointer``; an absent one is no problem. ``skip`` names servers that other settings switch off."""
    entries = value_at(located, pointer)
    if entries is None:
        return
    if not isinstance(entries, dict):
        yield Problem(
            document.path,
            f"L{located.line(*pointer)}",
            f"{pointer[-1] if pointer else 'top'} is no object of servers",
            "error",
            "mcp_servers",
        )
        return
    for name, entry in entries.items():
        shown = {**entry, "disabled": True} if name in skip and isinstance(entry, dict) else entry
        yield from server_facts(
            document,
            client=client,
            host=host,
            name=str(name),
            entry=shown,
            where=at(located, (*pointer, name)),
            folder=folder,
            inputs=inputs,
        )


def value_at(located: Located, pointer: Sequence[str | int]) -> Any:
    """The part at ``pointer``; None where there is none."""
    value = located.value
    for part in pointer:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def trust_all(entries: object) -> str | None:
    """``autonomous`` when every server that is on lets all its tools run unasked; None otherwise."""
    found = [entry for entry in entries.values() if isinstance(entry, dict) and not is_disabled(entry)] if isinstance(entries, dict) else []
    return "autonomous" if found and all(map(lets_pass, found)) else None


def other_secrets(document: Document, located: Located, host: NodeKey, without: Iterable[str]) -> Iterator[Fact]:
    """Credentials that the host's configuration holds outside its servers, such as a model's ``apiKey``.

    ``without`` names keys of the top to pass over.
    """
    passed = frozenset(without)
    rest = {key: value for key, value in located.value.items() if key not in passed}
    for pointer, text in leaves(rest):
        key = next((part for part in reversed(pointer) if isinstance(part, str)), "")
        yield from secret_facts(document, located.line(*pointer), host, key, text, "config")
