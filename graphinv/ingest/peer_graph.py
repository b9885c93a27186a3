"""Inventories and graphs of agents that other scanners write.

Three shapes: agents with their servers below them (``agents[].mcp_servers[]``), nodes and edges (``nodes[]`` with a type, ``edges[]`` with
two ends), and one agent of a fleet. What another scanner found is believed less than what is read at its source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, packages
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.parts import items, labelled
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_words import looks_connection_name
from graphinv.ingest.support.secrets import looks_secret_name, redact
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "peer_graph"
TITLE = "Inventories and agent graphs of other scanners"
FILES = ("any JSON file with `agents` and their `mcp_servers`", "any JSON file with typed `nodes` and `edges` of agents")
MAX_BYTES = 64 * 1024 * 1024
MAX_ITEMS = 200_000
CONFIDENCE = 0.8
"""What a report of another scanner is believed."""

_INVENTORY = re.compile(rb'"agents"\s*:\s*\[')
_INVENTORY_MARK = re.compile(rb'"(?:mcp_servers|agent_type|stable_id|document_type)"\s*:')
_NODES = re.compile(rb'"nodes"\s*:\s*\[')
_NODE_MARK = re.compile(rb'"(?:entity_type|node_type)"\s*:|"type"\s*:\s*"(?:agent|mcp_server|custom_tool)"')
_FLEET = re.compile(rb'"agent_name"\s*:(?s:.*)"lifecycle_state"\s*:|"lifecycle_state"\s*:(?s:.*)"agent_name"\s*:')
_MASKED = re.compile(r"\*{2,}|[\[<(]?(?:redacted|masked|hidden)[)>\]]?|.{0,40}\.\.\.", re.IGNORECASE)
_KINDS = {
    "agent": "Agent",
    "ai_agent": "Agent",
    "sub_agent": "Agent",
    "server": "ToolServer",
    "mcp_server": "ToolServer",
    "tool_server": "ToolServer",
    "tool": "Tool",
    "custom_tool": "Tool",
    "model": "Model",
    "llm": "Model",
    "package": "Package",
    "dependency": "Package",
    "credential": "Secret",
    "credential_ref": "Secret",
    "secret": "Secret",
    "service_account": "Identity",
    "service_principal": "Identity",
    "managed_identity": "Identity",
    "role": "Identity",
    "identity": "Identity",
    "cloud_resource": "Resource",
    "resource": "Resource",
    "data_store": "Resource",
    "dataset": "Resource",
    "user": "Owner",
    "team": "Owner",
    "owner": "Owner",
}
"""Types of nodes, in the words of several scanners. Others (findings, files, folders) are no part of this graph."""
_EDGES: Mapping[tuple[str, str], str] = {
    ("Agent", "ToolServer"): "CONNECTS_TO",
    ("Agent", "Tool"): "USES",
    ("Agent", "Agent"): "DELEGATES_TO",
    ("Agent", "Model"): "USES_MODEL",
    ("Agent", "Package"): "DEPENDS_ON",
    ("Agent", "Secret"): "HOLDS",
    ("Agent", "Identity"): "RUNS_AS",
    ("ToolServer", "Tool"): "PROVIDES",
    ("ToolServer", "Package"): "DEPENDS_ON",
    ("ToolServer", "Secret"): "HOLDS",
    ("ToolServer", "Model"): "USES_MODEL",
    ("ToolServer", "Identity"): "RUNS_AS",
    ("Tool", "Package"): "DEPENDS_ON",
    ("Tool", "Secret"): "HOLDS",
    ("Tool", "Resource"): "CAN_ACCESS",
    ("Identity", "Resource"): "CAN_ACCESS",
    ("Identity", "Identity"): "ASSUMES",
    ("Owner", "Agent"): "OWNS",
    ("Owner", "ToolServer"): "OWNS",
    ("Owner", "Resource"): "OWNS",
}
"""The edge between two kinds, for relationships that say that the first uses, has or reaches the second."""
_FORWARD = frozenset(
    {
        "uses",
        "provides_tool",
        "provides",
        "exposes_cred",
        "exposes_credential",
        "serves_model",
        "depends_on",
        "invokes",
        "invoked",
        "calls",
        "called",
        "delegates_to",
        "delegates",
        "handoff",
        "hands_off_to",
        "handoff_to",
        "transfers_to",
        "authenticates_as",
        "runs_as",
        "has_permission",
        "can_access",
        "accesses",
        "accessed",
        "reads",
        "writes",
        "assumes",
        "owns",
        "manages",
        "connects_to",
        "connected_to",
        "holds",
        "has_tool",
        "has_server",
        "uses_tool",
        "uses_model",
        "uses_server",
        "edge",
        "next",
        "transition",
    }
)
_BACKWARD = frozenset({"used_by", "provided_by", "called_by", "invoked_by", "owned_by", "managed_by", "delegated_by", "required_by"})
_DERIVED = frozenset(
    {
        "shares_server",
        "shares_cred",
        "shares_credential",
        "lateral_path",
        "vulnerable_to",
        "affects",
        "exploitable_via",
        "remediates",
        "triggers",
        "reaches_tool",
        "contains",
        "part_of",
        "hosts",
        "defines",
        "imports",
        "configures",
        "observes",
        "exhibits_drift",
        "governs",
        "exposed_to",
        "protects",
        "uses_framework",
    }
)
"""Relationships that the scanner worked out itself, or that are about findings and folders: this graph works out its own."""
_CLIENTS = {"claude-desktop", "claude-code", "cursor", "vscode", "windsurf", "gemini-cli", "codex", "opencode", "zed", "cline", "continue"}


def detect(path: str, head: bytes) -> bool:
    """Whether the beginning of a JSON file is that of an inventory or a graph of agents."""
    if not path.endswith(".json") or b'"bomFormat"' in head:
        return False
    if _INVENTORY.search(head) and _INVENTORY_MARK.search(head):
        return True
    return (_NODES.search(head) is not None and _NODE_MARK.search(head) is not None) or _FLEET.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Agents, servers, tools and what lies between them, as the report tells it."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    base: Pointer = ()
    if isinstance(top.get("data"), dict) and "agents" not in top and "nodes" not in top:
        top, base = top["data"], ("data",)
    peer = _Peer(document, located, base, top)
    if isinstance(top.get("nodes"), list):
        yield from peer.graph()
    elif isinstance(top.get("agents"), list):
        yield from peer.inventory()
    elif isinstance(top.get("agent_name"), str):
        yield from peer.member()


class _Peer:
    """One report."""

    def __init__(self, document: Document, located: Located, base: Pointer, top: Mapping[str, Any]) -> None:
        self.document = document
        self.located = located
        self.base = base
        self.top = top
        self.place = f"{document.root}/{PurePosixPath(document.path or document.root).with_suffix('')}"
        reported = any(key in top for key in ("document_type", "scan_id", "spec_version"))
        self.common: Props = {"evidence": ["inferred"], "confidence": CONFIDENCE} if reported else {"evidence": ["declared"]}

    def sources(self, *pointer: str | int) -> list[str]:
        return [self.document.source(self.located.line(*self.base, *pointer))]

    # ---- inventories --------------------------------------------------------------------------------------------------------

    def inventory(self) -> Iterator[Fact]:
        names: Counter[str] = Counter()
        for index, agent in enumerate(items(self.top["agents"])[:MAX_ITEMS]):
            name = agent.get("name")
            servers = [(at, server) for at, server in enumerate(items(agent.get("mcp_servers"))) if _is_server(server)]
            if not isinstance(name, str) or not name.strip() or (name.startswith("project:") and not servers):
                continue  # some scanners list every folder of packages as an agent
            names[name] += 1
            key = self._agent_key(name, agent, names[name])
            yield self._agent(key, name, agent, ("agents", index))
            for at, server in servers:
                yield from self._server(key, server, ("agents", index, "mcp_servers", at), redact(name))

    def member(self) -> Iterator[Fact]:
        name = self.top["agent_name"].strip()
        if name:
            yield self._agent(self._agent_key(name, self.top, 1), name, self.top, ())

    def _agent_key(self, name: str, agent: Mapping[str, Any], number: int) -> NodeKey:
        stated = agent.get("config_path")
        if isinstance(stated, str) and re.fullmatch(r"arn:aws[\w-]*:[\w:/.-]{5,300}", stated):
            return "Agent", stated
        return "Agent", f"peer:{self.place}#{redact(name.strip())}" + (f"#{number}" if number > 1 else "")

    def _agent(self, key: NodeKey, name: str, agent: Mapping[str, Any], pointer: Pointer) -> NodeFact:
        kind = agent.get("agent_type", agent.get("type", agent.get("framework")))
        framework = kind if isinstance(kind, str) and re.fullmatch(r"[a-z][a-z0-9-]{1,40}", kind) and kind != "custom" else None
        version = agent.get("version")
        state = str(agent.get("lifecycle_state", "")).lower()
        props: Props = {
            "name": redact(name.strip()),
            "framework": framework,
            "kind_detail": f"{framework} host" if framework in _CLIENTS else "reported by a scanner",
            "version": version if isinstance(version, str) and version and tellable(version) else None,
            "status": {"retired": "retired", "decommissioned": "retired", "suspended": "suspended", "quarantined": "suspended"}.get(
                state, "active"
            ),
            "environment": environment_of(self.document.path),
            "labels": sorted({label for field in ("source", "tenant_id") for label in labelled(field, agent.get(field))}) or None,
            "sources": self.sources(*pointer),
        }
        return NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})

    def _server(self, host: NodeKey, server: Mapping[str, Any], pointer: Pointer, section: str) -> Iterator[Fact]:
        entry = {key: server[key] for key in ("command", "args", "url", "headers") if server.get(key)}
        entry |= {"type": server["transport"]} if isinstance(server.get("transport"), str) and "command" not in entry else {}
        variables = server.get("env")
        if isinstance(variables, dict):
            entry["env"] = {str(name): _unmasked(str(name), text) for name, text in variables.items()}
        name, key = str(server.get("name") or server.get("command") or "server"), None
        made = server_facts(
            self.document,
            client="peer",
            host=host,
            name=name,
            entry=entry,
            where=clients.at(self.located, (*self.base, *pointer)),
            folder=self.document.folder,
            section=f"{section}/",
        )
        for fact in made:
            if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
                key = fact.key
            yield EdgeFact(fact.kind, fact.source, fact.target, {**fact.props, **self.common}) if isinstance(fact, EdgeFact) else fact
        if key is None:
            return
        tools = server.get("tools")
        for index, tool in enumerate(tools[:MAX_ITEMS] if isinstance(tools, list) else []):
            called = tool.get("name") if isinstance(tool, dict) else tool
            if isinstance(called, str) and called.strip():
                target = ("Tool", f"{key[1]}/{redact(called.strip())}")
                sources = self.sources(*pointer, "tools", index)
                yield NodeFact(*target, {"name": redact(called.strip()), "kind_detail": "mcp tool", "sources": sources})
                yield EdgeFact("PROVIDES", key, target, {**self.common, "sources": sources})
        stated = server.get("packages")
        for index, item in enumerate(stated[:MAX_ITEMS] if isinstance(stated, list) else []):
            package = tellable_package(_package(item))
            if package is not None:
                sources = self.sources(*pointer, "packages", index)
                props: Props = {"name": package.name, "purl": package.purl, "sources": sources}
                yield NodeFact("Package", package.purl, {**props, "version": package.version} if package.pinned else props)
                yield EdgeFact("DEPENDS_ON", key, ("Package", package.purl), {**self.common, "sources": sources})

    # ---- graphs -------------------------------------------------------------------------------------------------------------

    def graph(self) -> Iterator[Fact]:
        self.common = {"evidence": ["inferred"], "confidence": CONFIDENCE}
        keys: dict[str, NodeKey] = {}
        others: set[str] = set()
        for index, node in enumerate(items(self.top["nodes"])[:MAX_ITEMS]):
            names = [node[field] for field in ("id", "name", "label") if isinstance(node.get(field), str) and node[field].strip()]
            kind = _KINDS.get(_word(next((node[field] for field in ("entity_type", "node_type", "type", "kind") if field in node), "")))
            if not names:
                continue
            if kind is None:
                others.update(names)
                continue
            label = next(node[field] for field in ("label", "name", "id") if isinstance(node.get(field), str) and node[field].strip())
            key = self._node_key(kind, names[0], label, node)
            for name in names:
                keys.setdefault(name, key)
            yield from self._node(key, label, ("nodes", index))
        yield from self._edges(keys, others)

    def _node_key(self, kind: str, name: str, label: str, node: Mapping[str, Any]) -> NodeKey:
        if kind == "Package":
            purl = node.get("purl", name)
            if isinstance(purl, str) and re.fullmatch(r"pkg:[\x21-\x7e]{3,500}", purl) and tellable(purl):
                return kind, purl
        if kind == "Model":
            return kind, redact(label.strip())
        if re.fullmatch(r"arn:aws[\w-]*:[\w:/.-]{5,300}", name):
            return kind, name
        return kind, f"peer:{self.place}#{redact(name.strip())}"

    def _node(self, key: NodeKey, label: str, pointer: Pointer) -> Iterator[Fact]:
        props: Props = {"name": redact(label.strip()), "kind_detail": "reported by a scanner", "sources": self.sources(*pointer)}
        if key[0] == "Agent":
            props |= {"status": "active", "environment": environment_of(self.document.path)}
            framework = self.top.get("framework")
            if isinstance(framework, str) and re.fullmatch(r"[a-z][a-z0-9-]{1,40}", framework):
                props["framework"] = framework
        elif key[0] == "ToolServer":
            props["protocol"] = "mcp"
        elif key[1].startswith("pkg:"):
            props["purl"] = key[1]
        yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})

    def _edges(self, keys: Mapping[str, NodeKey], others: set[str]) -> Iterator[Fact]:
        unknown: Counter[str] = Counter()
        first: dict[str, int] = {}
        for index, edge in enumerate(items(self.top.get("edges"))[:MAX_ITEMS]):
            start, end = _end(edge, "source", "from", "start", "src"), _end(edge, "target", "to", "end", "dst")
            source, target = keys.get(start), keys.get(end)
            word = _word(next((edge[key] for key in ("relationship", "relation", "type", "kind", "label") if edge.get(key)), "edge"))
            if word in _BACKWARD:
                source, target = target, source
            elif word in _DERIVED:
                continue
            elif word not in _FORWARD:
                unknown["kind"] += 1
                first.setdefault("kind", index)
                continue
            if source is None or target is None:
                if start not in others and end not in others and {start, end}.isdisjoint({"START", "END", "__start__", "__end__"}):
                    unknown["end"] += 1
                    first.setdefault("end", index)
                continue
            kind = _EDGES.get((source[0], target[0]))
            if kind is None:
                unknown["pair"] += 1
                first.setdefault("pair", index)
            elif source != target or kind != "ASSUMES":
                yield self._edge(kind, word, source, target, edge, index)
        for what, message in _UNKNOWN.items():
            if unknown[what]:
                line = self.located.line(*self.base, "edges", first[what])
                yield Problem(self.document.path, f"L{line}", message.format(unknown[what]), "warning", NAME)

    def _edge(self, kind: str, word: str, source: NodeKey, target: NodeKey, edge: Mapping[str, Any], index: int) -> EdgeFact:
        props: Props = {**self.common, "sources": self.sources("edges", index)}
        if word in ("invoked", "called", "accessed"):
            props["evidence"] = ["observed"]
        if kind == "DELEGATES_TO":
            hands_over = word in ("handoff", "hands_off_to", "handoff_to", "transfers_to")
            conditional = isinstance(edge.get("condition"), str) and edge["condition"] != ""
            plain = "conditional_edge" if conditional else "graph_edge"
            props |= {
                "mode": "handoff" if hands_over else "invoke",
                "kind_detail": plain if word in ("edge", "next", "transition") else word,
            }
        elif kind == "CAN_ACCESS":
            props["actions"] = {"reads": ["read"], "writes": ["write"]}.get(word)
        return EdgeFact(kind, source, target, {name: value for name, value in props.items() if value is not None})


_UNKNOWN = {
    "kind": "leaves out edges of a kind that is not known here ({})",
    "end": "leaves out edges that name a node the report does not list ({})",
    "pair": "leaves out edges between kinds that nothing runs between here ({})",
}


def _is_server(server: Mapping[str, Any]) -> bool:
    """Whether an entry is a server, and not a folder of packages that a scanner listed as one."""
    if server.get("command") == "project" and not server.get("url") and not server.get("tools"):
        return False
    return any(isinstance(server.get(key), str) and server[key].strip() for key in ("command", "url"))


def _unmasked(name: str, text: object) -> object:
    """A variable's value; where the scanner masked it, a reference: something is there."""
    masked = isinstance(text, str) and (_MASKED.fullmatch(text.strip()) or not text.strip())
    if masked and (looks_secret_name(name) or looks_connection_name(name)) and re.fullmatch(r"\w{1,128}", name):
        return f"${{{name}}}"
    return text


def _package(item: object) -> packages.Package | None:
    """``{name, version, ecosystem}`` or ``name@version``; without an ecosystem it is not known whose package it is."""
    if isinstance(item, str):
        return packages.npm(item) if item.startswith("@") else None
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return None
    name, version = item["name"], item.get("version")
    version = version if isinstance(version, str) else ""
    if item.get("ecosystem") == "npm":
        return packages.npm(f"{name}@{version}" if version else name)
    if item.get("ecosystem") in ("pypi", "PyPI"):
        return packages.pypi(f"{name}=={version}" if version else name)
    return None


def _end(edge: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = edge.get(name)
        if isinstance(value, dict):
            value = value.get("id", value.get("name", value.get("value")))
        if isinstance(value, str):
            return value
    return ""


def _word(value: object) -> str:
    return re.sub(r"[-\s]+", "_", value.strip().lower()) if isinstance(value, str) else ""
