"""Claude Code settings: ``.claude/settings*.json`` of a project or a user, ``managed-settings.json`` of an organisation.

Drawn:
    (:Agent host)-[:USES {approved}]->(:Tool built-in), unless a deny rule takes the whole tool away
    (:Agent host)-[:CONNECTS_TO {tools, approved}]->(:ToolServer), for servers and tools that are allowed without a question
    (:Agent host)-[:USES]->(:Tool hook or helper command)
    (:Agent host)-[:HOLDS]->(:Secret) from ``env``; (:Agent host)-[:DEPENDS_ON]->(:Package plugin)

Deny rules that only cut a tool short (``Bash(rm *)``, one tool of a server) take nothing away here; their number is a label of the host.
What is to be asked about (``ask``) passes no more without a question, whatever else allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.jsondoc import parse
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.sandboxes import commands_run
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "claude_settings"
TITLE = "Claude Code settings"
FILES = (
    ".claude/settings.json",
    ".claude/settings.local.json",
    "managed-settings.json",
    "managed-settings.d/*.json",
    "any other settings*.json that names the schema of such files",
)

_SCHEMA = re.compile(rb'"\$schema"\s*:\s*"https?://(?:www\.|json\.)?schemastore\.org/claude-code-settings\.json"')
_HELPERS = ("apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "gcpAuthRefresh", "otelHeadersHelper", "statusLine", "fileSuggestion")
_TYPES = {"dict": "an object", "list": "a list", "str": "a text"}
_LOCKS = {
    "allowManagedHooksOnly": "hooks=managed_only",
    "allowManagedPermissionRulesOnly": "rules=managed_only",
    "disableAllHooks": "hooks=disabled",
}
"""What an organisation shuts out, and how the host is labelled by it."""
_GIVES_SECRET = frozenset({"apiKeyHelper", "awsCredentialExport", "otelHeadersHelper"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is a settings file by name and folder, or names the schema of such files, as those that are linked to their place do."""
    parts = path.split("/")
    name = parts[-1]
    if name == "managed-settings.json":
        return True
    folder = parts[-2] if len(parts) > 1 else ""
    if folder == "managed-settings.d":
        return name.endswith(".json")
    if not name.startswith("settings") or not name.endswith(".json"):
        return False
    return folder == ".claude" or _SCHEMA.search(head) is not None


def _asks(asked: claude.ToolSpec, allowed: claude.ToolSpec) -> bool:
    """Whether a rule to ask covers all that a rule to allow lets pass."""
    if asked.server and allowed.server == asked.server:
        return asked.tool in (None, allowed.tool)
    return asked.name == allowed.name and (asked.whole or asked.pattern == allowed.pattern)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one settings file.

    Raises:
        IngestError: not JSON, or no JSON object.
    """
    located = parse(document)
    clients.top_object(located, document)
    yield from _Settings(document, located).facts()


class _Settings:
    def __init__(self, document: Document, located: Located) -> None:
        self.document = document
        self.located = located
        self.settings: dict[str, Any] = located.value
        folder = claude.folder_before(document.path, ".claude", "managed-settings.d")
        self.folder = document.folder if folder is None else folder
        self.host = claude.host_key(document, self.folder)
        self.problems: dict[tuple[str, ...], Problem] = {}

    def line(self, *pointer: str | int) -> int:
        return self.located.line(*pointer)

    def props(self, *pointer: str | int, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.line(*pointer))], **props}

    def get(self, kind: type, *pointer: str) -> Any:
        """The part at ``pointer`` where it has that type, else an empty one; a part of another type is a problem."""
        value: Any = self.settings
        for part in pointer:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            return kind()
        if isinstance(value, kind):
            return value
        where = f"L{self.line(*pointer)}"
        problem = Problem(self.document.path, where, f"{'.'.join(pointer)} is not {_TYPES[kind.__name__]}", "error", NAME)
        self.problems[pointer] = problem
        return kind()

    def facts(self) -> Iterator[Fact]:
        self.get(dict, "permissions")
        asked, denied = self.specs("ask"), self.specs("deny")
        allowed = [spec for spec in self.specs("allow") if not any(_asks(one, spec) for one in asked)]
        mode = self.get(str, "permissions", "defaultMode")
        labels = {
            "asked_rules": len(asked),
            "denied_rules": len(denied),
            "additional_directories": len(self.get(list, "permissions", "additionalDirectories")),
        }
        sandbox = self.get(dict, "sandbox").get("enabled")
        texts = [f"{name}={count}" for name, count in labels.items() if count] + (["sandbox=enabled"] if sandbox is True else [])
        texts += [label for name, label in _LOCKS.items() if self.settings.get(name) is True]
        texts += ["bypass=disabled"] if self.get(dict, "permissions").get("disableBypassPermissionsMode") == "disable" else []
        yield claude.host_fact(self.document, self.folder, autonomy=claude.AUTONOMY.get(mode), labels=texts or None)
        if isinstance(sandbox, bool):
            yield from commands_run(self.document, self.line("sandbox"), self.host, self.apart() if sandbox else False)
        yield from self.builtins(allowed, denied)
        yield from self.servers(allowed, {spec.server for spec in denied if spec.server and not spec.tool})
        if self.settings.get("disableAllHooks") is not True:
            yield from claude.hook_facts(self.document, self.host, self.document.source(), self.located, "hooks")
        yield from self.helpers()
        yield from self.environment()
        yield from self.plugins()
        yield from claude.model_facts(self.document, self.line("model"), self.host, self.settings.get("model"))
        yield from clients.duplicate_problems(self.located, self.document, NAME)
        yield from self.problems.values()

    def asked_wholly(self) -> set[str]:
        """Tools that are asked about whatever they are given."""
        return {spec.name for spec in self.specs("ask") if spec.whole}

    def specs(self, rule: str) -> list[claude.ToolSpec]:
        return claude.tool_specs(self.get(list, "permissions", rule), self.located, "permissions", rule) or []

    def apart(self) -> bool | None:
        """Whether the sandbox keeps all commands from their surroundings: unless told otherwise, a command may ask to run outside it."""
        settings = self.get(dict, "sandbox")
        return True if settings.get("allowUnsandboxedCommands") is False and not settings.get("excludedCommands") else None

    def builtins(self, allowed: list[claude.ToolSpec], denied: list[claude.ToolSpec]) -> Iterator[Fact]:
        gone = {spec.name for spec in denied if spec.whole and not spec.server}
        approved: dict[str, list[int]] = {}
        for spec in allowed:
            if not spec.server and spec.name not in claude.DELEGATION and spec.name not in gone and spec.name != "*":
                approved.setdefault(spec.name, []).append(spec.line or 0)
        if self.get(dict, "sandbox").get("autoAllowBashIfSandboxed") is True and "Bash" not in gone | self.asked_wholly():
            approved.setdefault("Bash", []).append(self.line("sandbox", "autoAllowBashIfSandboxed"))
        for name in dict.fromkeys((*claude.INHERENT, *approved)):
            if name in gone:
                continue
            lines = approved.get(name)
            line = lines[0] if lines else self.line()
            yield from claude.builtin_facts(self.document, line, name)
            edge: Props = {"evidence": ["declared"], "sources": [self.document.source(at) for at in lines or [line]]}
            if lines:
                edge |= self.unasked()
            yield EdgeFact("USES", self.host, claude.builtin_key(name), edge)

    def servers(self, allowed: list[claude.ToolSpec], denied: set[str | None]) -> Iterator[Fact]:
        yield from clients.servers(self.document, self.located, ("mcpServers",), client=claude.CLIENT, folder=self.folder, host=self.host)
        kept = [spec for spec in allowed if spec.server not in denied]
        yield from claude.server_edges(self.document, self.host, kept, **self.unasked())
        if self.settings.get("enableAllProjectMcpServers") is True:
            props = self.props("enableAllProjectMcpServers", **self.unasked())
            yield EdgeFact("CONNECTS_TO", self.host, claude.server_ref(self.document, "*"), props)
        disabled = {name for name in self.get(list, "disabledMcpjsonServers") if isinstance(name, str)}
        for index, name in enumerate(self.get(list, "enabledMcpjsonServers")[: claude.MAX_ITEMS]):
            if isinstance(name, str) and name and name not in disabled and name not in denied:
                props = self.props("enabledMcpjsonServers", index, **self.unasked())
                yield EdgeFact("CONNECTS_TO", self.host, claude.server_ref(self.document, name), props)

    def unasked(self) -> Props:
        """What these settings let pass without a question is approved by the client alone."""
        return {"approved": True, "approval": "client", "approved_by": self.document.source()}

    def helpers(self) -> Iterator[Fact]:
        """Commands that Claude Code runs for itself."""
        for name in _HELPERS:
            value = self.settings.get(name)
            pointer: tuple[str, ...] = (name,)
            if isinstance(value, dict):
                value, pointer = value.get("command"), (name, "command")
            if not isinstance(value, str) or not value.strip():
                continue
            id = f"{self.document.source()}/command/{name}"
            yield from claude.command_facts(self.document, self.host, id, name, "helper command", self.located, [(value, pointer)])
            if name in _GIVES_SECRET:
                reference = f"{self.document.path}#{name}"
                secret = Ref("Secret", "command", reference, fallback=f"command:{self.document.root}#{reference}")
                yield EdgeFact("HOLDS", self.host, secret, self.props(*pointer))

    def environment(self) -> Iterator[Fact]:
        for name, value in list(self.get(dict, "env").items())[: claude.MAX_ITEMS]:
            if isinstance(value, str):
                yield from secret_facts(self.document, self.line("env", name), self.host, name, value, "config")

    def plugins(self) -> Iterator[Fact]:
        for name, enabled in list(self.get(dict, "enabledPlugins").items())[: claude.MAX_ITEMS]:
            if enabled is not True and not isinstance(enabled, list):
                continue
            plugin, _, market = redact(name).partition("@")
            if not plugin:
                continue
            package: NodeKey = ("Package", f"claude-plugin:{plugin}")
            props = self.props("enabledPlugins", name)
            stated: Props = {"name": plugin, "kind_detail": "claude-plugin", "sources": props["sources"]}
            yield NodeFact(*package, {**stated, "labels": [f"marketplace={market}"]} if market else stated)
            yield EdgeFact("DEPENDS_ON", self.host, package, props)
