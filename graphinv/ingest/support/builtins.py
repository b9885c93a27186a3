"""Built-in tools of coding agents: what each client can do without any server. Claude Code's are in ``support.claude``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.words import names
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

EXECUTE = ("destructive", "egress", "execute", "read", "write")
READ = ("read",)
WRITE = ("write",)
REPLACE = ("destructive", "write")
WEB = ("egress", "read")

Effects = tuple[str, ...]

_COPILOT: Mapping[str, Effects] = {
    "agent": (),
    "browser": WEB,
    "edit": WRITE,
    "execute": EXECUTE,
    "githubRepo": WEB,
    "read": READ,
    "search": READ,
    "todo": (),
    "vscode": ("execute", "read"),
    "web": WEB,
}
_ROO: Mapping[str, Effects] = {"browser": WEB, "command": EXECUTE, "edit": REPLACE, "read": READ}
BUILTINS: Mapping[str, Mapping[str, Effects]] = {
    "agent-framework": {
        **{"azure_ai_search": READ, "bing_grounding": WEB, "code_interpreter": ("execute",), "file_search": READ, "web_search": WEB},
        **{"fabric": READ, "sharepoint": READ},
    },
    "aider": {"edit": WRITE, "run": EXECUTE},
    "amp": {"Bash": EXECUTE, "edit_file": WRITE, "read_web_page": WEB},
    "auggie": {"launch-process": EXECUTE, "save-file": WRITE, "view": READ, "web-fetch": WEB},
    "codex": {
        **{"apply_patch": WRITE, "read_only_shell": ("execute", "read"), "shell": EXECUTE, "web_search": WEB},
        "workspace_shell": ("destructive", "execute", "read", "write"),
    },
    "continue": {"run_terminal_command": EXECUTE, "edit_file": WRITE, "read_file": READ, "fetch_url_content": WEB},
    "copilot-cli": {"shell": EXECUTE, "url": WEB, "view": READ, "write": REPLACE},
    "crush": {"bash": EXECUTE, "edit": WRITE, "fetch": WEB, "view": READ},
    "cursor": {"edit": REPLACE, "read": READ, "search": READ, "terminal": EXECUTE, "web": WEB},
    "docker-agent": {
        **{"fetch": WEB, "filesystem": (*REPLACE, "read"), "filesystem_read": READ, "lsp": ("execute", "read"), "shell": EXECUTE},
        **{"background_agents": (), "model_picker": (), "rag": READ, "tasks": (), "think": (), "todo": (), "user_prompt": ()},
    },
    "droid": {
        **{"ApplyPatch": WRITE, "Create": REPLACE, "Edit": WRITE, "Execute": EXECUTE, "FetchUrl": WEB, "Glob": READ, "Grep": READ},
        **{"LS": READ, "MultiEdit": WRITE, "Read": READ, "Skill": (), "Task": (), "TodoWrite": (), "WebSearch": WEB},
    },
    "fast-agent": {"shell": EXECUTE},
    "gemini-cli": {
        "activate_skill": (),
        "ask_user": (),
        "glob": READ,
        "google_web_search": WEB,
        "grep_search": READ,
        "list_directory": READ,
        "read_file": READ,
        "read_many_files": READ,
        "replace": WRITE,
        "run_shell_command": EXECUTE,
        "save_memory": WRITE,
        "search_file_content": READ,
        "web_fetch": WEB,
        "write_file": REPLACE,
        "write_todos": (),
    },
    "github-copilot": _COPILOT,
    "goose": {"shell": EXECUTE, "text_editor": WRITE},
    "kiro": {
        **{"execute_bash": EXECUTE, "fs_read": READ, "fs_write": REPLACE, "use_aws": EXECUTE},
        **{"aws": EXECUTE, "code": READ, "glob": READ, "grep": READ, "read": READ, "shell": EXECUTE, "write": REPLACE},
        **{"delegate": (), "introspect": (), "knowledge": READ, "report": (), "session": (), "subagent": (), "thinking": (), "todo": ()},
        **{"web_fetch": WEB, "web_search": WEB},
    },
    "kilocode": _ROO,
    "nemo-agent-toolkit": {
        **{"calculator": (), "chat_completion": (), "code_generation": (), "current_datetime": (), "current_timezone": ()},
        **{"code_execution": EXECUTE, "milvus_document_search": READ, "nat_rag": READ, "nat_retriever": READ, "nvidia_rag": READ},
        **{"exa_internet_search": WEB, "serp_api_tool": WEB, "tavily_internet_search": WEB, "webpage_query": WEB, "wiki_search": WEB},
    },
    "opencode": {
        "bash": ("execute",),
        "edit": WRITE,
        "glob": READ,
        "grep": READ,
        "list": READ,
        "patch": WRITE,
        "read": READ,
        "webfetch": WEB,
        "websearch": WEB,
        "write": WRITE,
    },
    "openhands": {"browser": WEB, "edit": WRITE, "run": EXECUTE},
    "qwen-code": {"edit": WRITE, "read_file": READ, "run_shell_command": EXECUTE, "web_fetch": WEB, "write_file": REPLACE},
    "roo": _ROO,
    "swe-agent": {"bash": EXECUTE, "edit": WRITE},
    "vscode": _COPILOT,
}
"""Client → built-in tool → what a call of it can do; nothing for those that only steer the session."""

_OTHERS = names("filesystem_read read_only_shell workspace_shell search_file_content vscode execute_bash fs_read fs_write use_aws")
"""Names that older versions have, or what takes another's place."""

INHERENT: Mapping[str, tuple[str, ...]] = {
    client: tuple(name for name, effects in tools.items() if effects and name not in _OTHERS) for client, tools in BUILTINS.items()
} | {claude.CLIENT: claude.INHERENT}
"""The built-in tools that act on something, which an agent of the client has unless something limits them."""


def codex_tools(sandbox: object, *, network: bool = False) -> list[str]:
    """How Codex acts in a sandbox: in a workspace it may write what lies there, and reaches the network only where a setting lets it."""
    if sandbox == "read-only":
        return ["read_only_shell"]
    return ["workspace_shell" if sandbox == "workspace-write" and not network else "shell", "apply_patch"]


def codex_apart(sandbox: object, *, network: bool = False) -> bool | None:
    """Whether a sandbox of Codex keeps commands from their surroundings: they read all files, but neither change nor send them."""
    return False if sandbox == "danger-full-access" else None if sandbox == "workspace-write" and network else True


def codex_network(settings: Mapping[str, Any]) -> bool:
    """Whether a configuration of Codex lets what runs in a workspace reach the network."""
    return mapping(settings.get("sandbox_workspace_write")).get("network_access") is True


def builtin_facts(
    document: Document, line: int | None, user: NodeKey, client: str, names: Iterable[str], **props: object
) -> Iterator[Fact]:
    """(user)-[:USES {props}]->(:Tool built-in of ``client``) for each of ``names``; a name not known has no known effects."""
    sources = [document.source(line)]
    for name in names:
        if client == claude.CLIENT:
            key = claude.builtin_key(name)
            yield from claude.builtin_facts(document, line, name)
        else:
            shown = redact(name[: claude.MAX_NAME])
            key = ("Tool", f"{client}:{shown}")
            effects = BUILTINS.get(client, {}).get(name)
            stated: Props = {"name": shown, "kind_detail": f"{client} built-in", "sources": sources}
            if effects is not None:
                stated |= {"effects": list(effects), "ingests_untrusted": effects == WEB}
            yield NodeFact(*key, stated)
            if effects == WEB:
                yield NodeFact(*claude.WEB, {"name": "the web", "trust": "untrusted", "sources": sources})
                yield EdgeFact("INGESTS", key, claude.WEB, {"evidence": ["declared"], "sources": sources})
        yield EdgeFact("USES", user, key, {"evidence": ["declared"], "sources": sources, **props})
