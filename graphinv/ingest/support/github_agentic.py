"""Agentic workflows of GitHub (gh-aw): Markdown with front matter in ``.github/workflows/``, compiled to a ``.lock.yml`` beside it.

The compiled workflow tells what the job is given; the source tells what the agent may do: its tools and servers, and its *safe outputs*,
which a later job with more rights carries out for it. Each of those is a tool of the agent that can write to that part of the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci, claude
from graphinv.ingest.support.builtins import builtin_facts
from graphinv.ingest.support.github_expressions import flow
from graphinv.ingest.support.github_jobs import permissions_of, runner_labels, triggers_in
from graphinv.ingest.support.github_steps import literal_secrets, of_repository, repository_part, secret_holds
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.words import names
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

MAX_IMPORTS = 50
_DEFAULT = "copilot-cli"
"""The engine where none is stated."""
_DETAILS = {"copilot-cli": "copilot", "claude-code": "claude -p", "codex": "codex exec", "gemini-cli": "gemini -p"}
_ENGINES = {"copilot": "copilot-cli", "claude": "claude-code", "codex": "codex", "gemini": "gemini-cli"}
_BUILTINS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "copilot-cli": {"bash": ("shell",), "edit": ("write",), "web-fetch": ("url",)},
    "claude-code": {"bash": ("Bash",), "edit": ("Edit", "Write"), "web-fetch": ("WebFetch",), "web-search": ("WebSearch",)},
    "codex": {"bash": ("shell",), "edit": ("apply_patch",), "web-search": ("web_search",)},
    "gemini-cli": {"bash": ("run_shell_command",), "edit": ("write_file", "replace"), "web-fetch": ("web_fetch",)},
}
"""Engine → tool of an agentic workflow → the engine's own tools that it switches on."""
_OUTPUTS = """
issues : create-issue update-issue close-issue add-labels remove-labels assign-milestone assign-to-user unassign-from-user link-sub-issue
issues : hide-comment set-issue-type set-issue-field pin-issue unpin-issue assign-to-agent
issues pull-requests : add-comment
discussions : create-discussion update-discussion close-discussion
contents pull-requests : create-pull-request
contents : push-to-pull-request-branch upload-asset upload-assets update-release merge-pull-request
pull-requests : close-pull-request update-pull-request mark-pull-request-as-ready-for-review add-reviewer submit-pull-request-review
pull-requests : create-pull-request-review-comment reply-to-pull-request-review-comment resolve-pull-request-review-thread
pull-requests : dismiss-pull-request-review
security-events : create-code-scanning-alert autofix-code-scanning-alert create-repository-security-advisory
projects : create-project update-project create-project-status-update
actions : dispatch-workflow dispatch_repository call-workflow
contents : create-agent-session create-agent-task
"""
OUTPUTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(scopes.split()) for scopes, _, found in (line.partition(" : ") for line in _OUTPUTS.splitlines()) for name in found.split()
}
"""Safe output → the parts of the repository that it writes to."""
_STARTS_COPILOT = names("assign-to-agent create-agent-session create-agent-task")
_RUNS = names("dispatch-workflow dispatch_repository call-workflow")
_PLAYWRIGHT = {"command": "docker", "args": ["run", "-i", "--rm", "mcr.microsoft.com/playwright/mcp"]}
_UNSTATED = (("*", "read"),)
"""Permissions where none are stated."""
_TIMES = re.compile(r"\s*(?:hourly|daily|weekly|monthly|every|bi-weekly|tri-weekly)\b")
_NO_EVENTS = names("roles bots reaction steps needs permissions names forks query")
_OWN_KINDS = ("jobs", "scripts", "actions")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_IMPORT = re.compile(r"\{\{#(?:runtime-)?import\??:?\s+([^\s}]{1,200})\s*\}\}")


@dataclass(frozen=True, slots=True)
class Switched:
    """Tools of one engine that a document switches on."""

    facts: tuple[Fact, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agentic:
    """One agentic workflow, or a part that others import (which has no triggers)."""

    path: str
    name: str
    line: int
    triggers: tuple[tuple[str, int], ...]
    permissions: tuple[tuple[str, str], ...]
    runs_on: tuple[str, ...]
    run: ci.Run
    """Of an engine that :func:`with_imports` fills in, with the tools that are the engine's own."""
    engine: str = ""
    tools: Mapping[str, Switched] = field(default_factory=dict)
    """What it switches on of each engine's own tools."""
    imports: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def lock(self) -> str:
        """Path of the workflow that it is compiled to."""
        return f"{self.path.removesuffix('.md')}.lock.yml"


def read_agentic(document: Document, ingestor: str) -> Agentic | None:
    """What one agentic workflow says, or a part that others import; None where the document is neither.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    meta, body = front_matter(document)
    top: dict[str, Any] = meta.value
    triggers, permissions = _triggers(top, meta), permissions_of(top.get("permissions"))
    if not triggers and not any(key in top for key in ("tools", "mcp-servers", "safe-outputs", "engine", "imports")):
        return None
    reading = _Reading(document, meta, ingestor, top)
    reading.all()
    asked = flow(body)
    run = ci.Run(
        "",
        meta.line("engine"),
        "autonomous",
        tuple(sorted(reading.run.labels)),
        tuple(of_repository(document.root, fact) for fact in reading.run.facts),
        tuple(sorted(asked.untrusted)),
        tuple(sorted(asked.inputs)),
        reads_event="outputs.text" in body,
    )
    return Agentic(
        document.path,
        _name(document, top, body),
        meta.line("name"),
        triggers,
        _UNSTATED if permissions is None else permissions,
        runner_labels(top.get("runs-on", "ubuntu-latest")),
        run,
        reading.engine,
        {client: reading.switched(client) for client in _ENGINES.values()},
        tuple(reading.imports(body)),
        tuple(reading.problems),
    )


def _triggers(top: dict[str, Any], meta: Located) -> tuple[tuple[str, int], ...]:
    """Events that start it. A text may also be a time in words (``weekly on monday``), and not all that stands beside events is one."""
    stated = top.get("on")
    if isinstance(stated, str) and _TIMES.match(stated):
        return (("schedule", meta.line("on")),)
    return tuple(one for one in triggers_in(top, meta) if one[0] not in _NO_EVENTS)


def _name(document: Document, top: dict[str, Any], body: str) -> str:
    """Its name as the compiler tells it: the one given, the first heading, or the file's."""
    given = top.get("name")
    if not isinstance(given, str) or not given.strip():
        heading = re.search(r"(?m)^#[ \t]+(\S.*?)[ \t]*$", body)
        given = heading[1] if heading else document.name.removesuffix(".md")
    return redact(given.strip()[: claude.MAX_NAME])


class _Reading:
    """The front matter of one document while it is read."""

    def __init__(self, document: Document, meta: Located, ingestor: str, top: dict[str, Any]) -> None:
        self.document, self.meta, self.ingestor, self.top = document, meta, ingestor, top
        engine = top.get("engine")
        engine = engine.get("id", engine.get("name")) if isinstance(engine, dict) else engine
        self.engine = _ENGINES.get(engine, "") if isinstance(engine, str) else ""
        self.run = ci.Building(document, "", self.engine or _DEFAULT, meta.line("engine"), ingestor)
        self.problems: list[Problem] = []
        if engine is not None and not self.engine:
            self.problem("engine", "runs an engine that is not known; what it can do by itself is not known")

    def problem(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.document.path, f"L{self.meta.line(key)}", message, "warning", self.ingestor))

    def said(self, *pointer: str | int, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.meta.line(*pointer))], **props}

    def all(self) -> None:
        if isinstance(self.meta, Loose):
            self.problem("", "has front matter that is not valid YAML; it was read line by line")
        self.tools()
        self.servers()
        self.outputs()
        engine = self.top.get("engine")
        self.run.model(engine.get("model") if isinstance(engine, dict) else None)
        given = flow(self.top.get("env"), engine)
        self.run.facts += secret_holds(self.document, self.meta.line("env"), given)
        own = engine.get("env") if isinstance(engine, dict) else None
        self.run.facts += literal_secrets(self.document, self.meta, self.top.get("env"), ("env",))
        self.run.facts += literal_secrets(self.document, self.meta, own, ("engine", "env"))
        if given.all_secrets:
            self.run.labels.add("secrets=all")
        on = self.top.get("on")
        roles = self.top.get("roles", on.get("roles") if isinstance(on, dict) else None)
        if on is not None and roles != "all":
            self.run.labels.add("gate=write_access")
        network = self.top.get("network")
        if isinstance(network, str) and re.fullmatch(r"[a-z-]{1,40}", network):
            self.run.labels.add(f"network={network}")

    def imports(self, body: str) -> Iterator[str]:
        """Documents of the tree that it takes parts from, relative to the root; others are a problem."""
        stated = self.top.get("imports")
        stated = stated.get("aw") if isinstance(stated, dict) else stated
        listed = stated if isinstance(stated, list) else []
        given = [item.get("uses", item.get("path")) if isinstance(item, dict) else item for item in listed]
        for place in [*given, *_IMPORT.findall(body)][:MAX_IMPORTS]:
            if not isinstance(place, str) or "${{" in place or redact(place) != place:
                continue
            if "@" in place:
                self.problem("imports", "imports a part of another repository; what it adds is not known from here")
                continue
            above, _, _ = self.document.path.rpartition(".github/")
            folder = above if place.startswith(".github/") else f"{above}.github/workflows/"
            yield posixpath.normpath(f"{folder}{place.partition('#')[0]}")

    # ---- tools --------------------------------------------------------------------------------------------------------------

    def tools(self) -> None:
        stated = self.top.get("tools")
        if stated is not None and not isinstance(stated, dict):
            self.problem("tools", "gives tools that are no mapping")
        tools: dict[str, Any] = stated if isinstance(stated, dict) else {}
        for name, value in tools.items():
            self.run.line = self.meta.line("tools", name)
            if value is False:
                continue
            if name == "playwright":
                self.run.servers({"playwright": _PLAYWRIGHT}, "tools")
            elif name in ("cache-memory", "repo-memory"):
                self.memory(name)
        if tools.get("github") is not False and (tools or self.top.get("on") is not None):
            self.github(tools.get("github"))

    def switched(self, client: str) -> Switched:
        """The engine's own tools that are switched on, where ``client`` is the engine."""
        stated = self.top.get("tools")
        facts: list[Fact] = []
        labels: list[str] = []
        for name, own in _BUILTINS[client].items():
            value = stated.get(name, False) if isinstance(stated, dict) else False
            if value is not False:
                facts += builtin_facts(self.document, self.meta.line("tools", name), ci.HOLDER, client, own)
                if name == "bash" and (value is True or (isinstance(value, list) and any(item in ("*", ":*") for item in value))):
                    labels += [f"unlimited={tool}" for tool in own]
        return Switched(tuple(facts), tuple(labels))

    def github(self, value: Any) -> None:
        """The server for GitHub's API, which every agentic workflow has: it acts with the job's token or one that it is given."""
        settings: dict[str, Any] = value if isinstance(value, dict) else {}
        self.run.line = self.meta.line("tools", "github") if value is not None else self.meta.line("tools")
        key: NodeKey = ("ToolServer", f"mcp:{self.document.source()}#tools/github")
        token = flow(settings.get("github-token"))
        props: Props = {"name": "github", "protocol": "mcp", "origin": "third_party", "kind_detail": "bundled with gh-aw"}
        labels = ["read_only=false"] if settings.get("read-only") is False else []
        self.run.facts.append(NodeFact(*key, {**props, **({"labels": labels} if labels else {}), "sources": self.run.stated()["sources"]}))
        allowed = settings.get("allowed")
        limit = [redact(name) for name in allowed if isinstance(name, str)][:500] if isinstance(allowed, list) else []
        self.run.edge("CONNECTS_TO", key, **({"tools": sorted(set(limit))} if limit and "*" not in limit else {}))
        for fact in secret_holds(self.document, self.run.line, token):
            self.run.facts.append(replace(fact, source=key) if isinstance(fact, EdgeFact) else fact)

    def memory(self, name: str) -> None:
        """What is kept from one run to the next."""
        key: NodeKey = ("Memory", f"gh-aw:{self.document.root}/{self.document.path.removesuffix('.md')}#{name}")
        props: Props = {"name": name, "scope": "global", "kind_detail": f"gh-aw {name}", "sources": self.run.stated()["sources"]}
        self.run.facts.append(NodeFact(*key, props))
        self.run.edge("READS", key)
        self.run.edge("WRITES", key)

    def servers(self) -> None:
        stated = self.top.get("mcp-servers")
        if stated is not None and not isinstance(stated, dict):
            self.problem("mcp-servers", "gives MCP servers that are no mapping")
        for name, entry in list(stated.items())[: claude.MAX_ITEMS] if isinstance(stated, dict) else ():
            self.run.line = self.meta.line("mcp-servers", name)
            if isinstance(entry, dict) and isinstance(entry.get("container"), str) and "command" not in entry:
                after = entry.get("entrypointArgs")
                words = ["run", "-i", "--rm", entry["container"], *(after if isinstance(after, list) else [])]
                entry = {**{key: value for key, value in entry.items() if key != "container"}, "command": "docker", "args": words}  # noqa: PLW2901
            if isinstance(entry, dict) and isinstance(entry.get("allowed"), list):
                entry = {**entry, "tools": entry["allowed"]}  # noqa: PLW2901 - the name that other clients have for it
            self.run.servers({name: entry}, "mcp-servers")

    # ---- safe outputs -------------------------------------------------------------------------------------------------------

    def outputs(self) -> None:
        stated = self.top.get("safe-outputs")
        if stated is not None and not isinstance(stated, dict):
            self.problem("safe-outputs", "gives safe outputs that are no mapping")
        outputs: dict[str, Any] = stated if isinstance(stated, dict) else {}
        for name, value in list(outputs.items())[: claude.MAX_ITEMS]:
            if name in OUTPUTS and value is not False:
                settings = value if isinstance(value, dict) else {}
                self.output(name, settings, flow(settings.get("github-token", outputs.get("github-token"))).secrets)
            elif name in _OWN_KINDS and isinstance(value, dict):
                for own in list(value)[: claude.MAX_ITEMS]:
                    self.tool(name, str(own), "job that a safe output starts", self.said("safe-outputs", name, own), None)

    def output(self, name: str, settings: dict[str, Any], secrets: frozenset[str]) -> None:
        said = self.said("safe-outputs", name)
        effects = ["execute"] if name in _RUNS else ["egress", "write"]
        key = self.tool("", name, "safe output", said, effects)
        for root in self.repositories(name, settings):
            for scope in OUTPUTS[name]:
                part = repository_part(root, scope, said["sources"])
                actions = ["execute" if name in _RUNS else "write"]
                self.run.facts += [part, EdgeFact("CAN_ACCESS", key, part.key, {**said, "actions": actions})]
        for fact in secret_holds(self.document, self.meta.line("safe-outputs", name), replace(flow(), secrets=secrets)):
            self.run.facts.append(replace(fact, source=key) if isinstance(fact, EdgeFact) else fact)
        if name in _STARTS_COPILOT:
            self.run.edge("DELEGATES_TO", ("Agent", f"github-copilot:{self.document.root}"), mode="invoke", kind_detail=name)

    def repositories(self, name: str, settings: dict[str, Any]) -> list[str]:
        """Where a safe output writes to: this repository, or those that it names."""
        allowed = settings.get("allowed-repos")
        named = [settings.get("target-repo"), *(allowed if isinstance(allowed, list) else [])]
        stated = [one for one in named if isinstance(one, str) and one]
        found = [one for one in stated if _REPOSITORY.fullmatch(one) and redact(one) == one][: claude.MAX_ITEMS]
        if len(found) < len(stated):
            self.problem("safe-outputs", f"writes to repositories that are not told ({redact(name)})")
        return found or [self.document.root]

    def tool(self, kind: str, name: str, detail: str, said: Props, effects: list[str] | None) -> NodeKey:
        shown = redact(name[: claude.MAX_NAME])
        key: NodeKey = ("Tool", f"gh-aw:{self.document.source()}#{f'{kind}/' if kind else ''}{shown}")
        props: Props = {"name": shown, "kind_detail": detail, "sources": said["sources"]}
        self.run.facts += [NodeFact(*key, {**props, "effects": effects} if effects else props), EdgeFact("USES", ci.HOLDER, key, said)]
        return key


def with_imports(one: Agentic, all_of: Mapping[str, Agentic]) -> tuple[ci.Run, ...]:
    """The run of ``one`` and what the parts that it imports, directly or not, add to it."""
    found: dict[str, Agentic] = {}
    pending = [one.path]
    while pending and len(found) < MAX_IMPORTS:
        path = pending.pop()
        if path in all_of and path not in found:
            found[path] = all_of[path]
            pending += all_of[path].imports
    engine = next((part.engine for part in found.values() if part.engine), _DEFAULT)
    return tuple(_filled(part, engine) for part in found.values())


def _filled(part: Agentic, engine: str) -> ci.Run:
    own = part.tools[engine]
    labels = tuple(sorted({*part.run.labels, *own.labels}))
    return replace(part.run, detail=_DETAILS[engine], labels=labels, facts=(*part.run.facts, *own.facts))
