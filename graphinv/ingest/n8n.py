"""Workflows of n8n, as it exports them: agents, their tools, models and memory, credentials by name, triggers, sub-workflows.

In a file of n8n an edge runs from a tool to the agent that has it (``ai_tool``); here it runs the other way. A workflow is ``active`` where
its file says so; ``active: false`` is what every export of a template says and tells nothing, so that its status stays absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode import Flow, Reference, Where, called, embedded, flows_of, host_of, items, text_of
from graphinv.ingest.support.lowcode_services import Does, does, service_of
from graphinv.ingest.support.lowcode_ways import following, grouped
from graphinv.ingest.support.n8n_code import code_does
from graphinv.ingest.support.n8n_graph import TRANSFORMS, Graph, Node, credential_of
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import looks_secret_name, redact
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeKey, Problem, Ref

NAME = "n8n"
TITLE = "Workflows of n8n"
FILES = ("*.json with n8n's nodes and connections",)
MAX_BYTES = 8 * 1024 * 1024
MAX_FLOWS = 2_000
MAX_EMBEDDED = 3
"""How deep workflows may stand inside a tool of a workflow."""

_NODE_TYPE = re.compile(rb'"(?:n8n-nodes-base\.|@n8n/|n8n-nodes-)[\w.-]+')
_FIRST_NODE = re.compile(rb'"nodes"\s*:\s*\[\s*\{\s*"parameters"\s*:')
_LINK = re.compile(rb'"(?:main|ai_[A-Za-z]+)"\s*:\s*\[\s*\[\s*\{\s*"(?:node|type|index)"\s*:')
"""How the first of a workflow's connections stands there: where its keys are sorted, its nodes may lie far behind them."""
_KEY = re.compile(rb'"(?:nodes|connections|pinData|staticData|meta|settings|versionId|workflows)"\s*:')

_CONDITIONS = frozenset({"if", "switch", "filter", "textClassifier", "sentimentAnalysis"})
_REQUESTS = frozenset({"httpRequest", "httpRequestTool", "toolHttpRequest", "graphql", "graphqlTool"})
_SCHEDULES = frozenset(
    {"scheduleTrigger", "cron", "interval", "manualTrigger", "start", "errorTrigger", "executeWorkflowTrigger", "n8nTrigger"}
)
_OPEN_TRIGGERS = {"webhook": "webhook", "chatTrigger": "chat", "formTrigger": "form", "emailReadImap": "mail", "mcpTrigger": "mcp"}
_SUBNODES = re.compile(r"(?:lmChat|lm[A-Z]|embeddings|memory|outputParser|textSplitter|document|retriever|vectorStore|tool|reranker|model)")
_MEMORY = re.compile(r"memory[A-Z]\w*")
_REFERENCE = re.compile(r"\$(env|secrets|vars)(?:\.([A-Za-z_][\w.]{0,127})|\[\s*[\"'`]([^\"'`\]]{1,128})[\"'`]\s*\])")
_SPACES = {"env": "env", "secrets": "vault", "vars": "config"}
_ITSELF = re.compile(r"=?\s*\{\{\s*\$workflow\.id\s*\}\}")


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins as an export of n8n does: a node's type, a node that begins with its parameters, a connection, or two
    of the keys that its workflows have. The type may stand behind the first bytes; :func:`read` looks for it before it parses anything."""
    if not path.lower().endswith(".json"):
        return False
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"{", b"["):
        return False
    if _NODE_TYPE.search(head) or _FIRST_NODE.search(head) or _LINK.search(head):
        return True
    keys = set(_KEY.findall(head))
    return len({key.split(b'"')[1] for key in keys} & {b"nodes", b"connections", b"pinData", b"versionId", b"workflows"}) > 1


def read(document: Document) -> Iterator[Fact]:
    """The workflows of the document with what belongs to them; nothing where no node is one of n8n's."""
    if b"n8n-nodes" not in document.data:
        return
    located, problem = _parsed(document)
    yield from problem
    found = ((flow.get("id"), called(flow.get("name")), partial(located.line, *at), flow) for at, flow in _workflows(located.value))
    for made, flow in flows_of(document, NAME, found, _references):
        yield from _Workflow(made, flow).facts()


def _parsed(document: Document) -> tuple[Located, list[Problem]]:
    """The document's JSON. Exports are often followed by a stray word: then the first value counts, and a problem says so."""
    try:
        return jsondoc.parse(document), []
    except IngestError as error:
        if not error.message.startswith("is not one JSON value"):
            raise
        text = document.text()
        start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)  # not deeper than what was just read
        except ValueError:
            raise error from None
        located = jsondoc.parse_text(text[:end], document)
        return located, [Problem(document.path, error.where, "more follows where the workflow ends; it is left out", "warning", NAME)]


def _workflows(value: object) -> Iterator[tuple[Where, dict[str, Any]]]:
    """The workflows in a document: itself, a list, or wrapped as ``workflows``, ``data`` or ``workflow``."""
    queue: list[tuple[Where, object]] = [((), value)]
    found = 0
    while queue and found < MAX_FLOWS:
        at, item = queue.pop(0)
        if isinstance(item, dict) and isinstance(item.get("nodes"), list):
            found += 1
            yield at, item
        elif len(at) < 4:
            if isinstance(item, list):
                queue.extend(((*at, index), part) for index, part in enumerate(item[:MAX_FLOWS]) if isinstance(part, dict))
            elif isinstance(item, dict):
                queue.extend(((*at, key), item[key]) for key in ("workflows", "data", "workflow", "workflowData") if key in item)


def _references(text: str) -> Iterator[Reference]:
    for match in _REFERENCE.finditer(text[:20_000]) if "$" in text else ():
        name = (match[2] or match[3]).rstrip(".")
        if match[1] == "secrets" or looks_secret_name(name):
            yield _SPACES[match[1]], redact(name)


@dataclass
class _Workflow(Graph):
    """Facts of one workflow."""

    # ---- reading ------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[Fact]:
        yield from self.read_nodes()
        if not self.nodes:
            return
        self.read_connections()
        flow = self.flow
        status = "retired" if self.value.get("isArchived") is True else "active" if self.value.get("active") is True else None
        yield flow.workflow(status=status)
        entry, part = self.called_part()
        self.when_called = ("Workflow", flow.id(entry.label)) if entry else flow.key
        identifier = self.value.get("id")
        if isinstance(identifier, (str, int)) and not isinstance(identifier, bool) and str(identifier) and not self.depth:
            yield Binding(NAME, called(str(identifier)), self.when_called, "", flow.document.path)
        for name, node in self.nodes.items():
            if self.is_agent(node):
                self.agents[name] = ("Agent", flow.id(node.label))
        for name, key in self.agents.items():
            yield from self.agent(self.nodes[name], key, status)
        for node in self.nodes.values():
            if node.name not in self.agents:
                yield from self.step(node)
        if entry:
            yield from self.called_facts(entry, part, status)
        yield from self.order()
        yield from flow.secrets(flow.key, self.value.get("pinData"), ("pinData",), "config", named=False)
        yield from flow.secrets(flow.key, self.value.get("staticData"), ("staticData",), "config")
        yield from flow.rest()

    # ---- what runs when the workflow is called ------------------------------------------------------------------------------

    def called_part(self) -> tuple[Node | None, set[str]]:
        """The trigger that calls of the workflow start at, and what comes after it; None where that is nothing or all there is."""
        entry = next((node for node in self.nodes.values() if node.slug == "executeWorkflowTrigger" and not self.disabled(node.name)), None)
        if entry is None:
            return None, set()
        part = {entry.name}
        waiting = [entry.name]
        while waiting:
            name = waiting.pop()
            after = [target for kind, target in self.out.get(name, ()) if kind == "main"]
            beside = [source for kind, source in self.into.get(name, ()) if kind != "main"]
            fresh = {*after, *beside} - part
            part |= fresh
            waiting += fresh
        return (None, set()) if len(part) == 1 or self.nodes.keys() <= part else (entry, part)

    def called_facts(self, entry: Node, part: set[str], status: str | None) -> Iterator[Fact]:
        """The part of the workflow that runs when it is called, as a workflow of its own: what comes before other triggers does not run."""
        flow, whole = self.flow, self.flow.key
        flow.key = self.when_called
        yield flow.node(*flow.key, entry.at, name=called(entry.name), type=NAME, status=status, kind_detail="n8n part that is called")
        for name in sorted(part):
            node = self.nodes[name]
            if name not in self.agents:
                yield from (fact for fact in self.step(node) if not isinstance(fact, Problem))  # those were told of the whole
            elif not self.is_tool(node):
                yield flow.edge("DELEGATES_TO", flow.key, self.agents[name], node.at, mode="invoke", kind_detail="workflow_step")
        flow.key = whole

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def agent(self, node: Node, key: NodeKey, status: str | None) -> Iterator[Fact]:
        flow = self.flow
        detail = {"agentTool": "agent tool", "openAiAssistant": "OpenAI assistant", "openAi": "OpenAI node"}.get(node.slug, "agent node")
        yield flow.agent(key[1], called(node.name), node.at, kind_detail=f"n8n {detail}", version=None, status=status)
        if not self.is_tool(node):
            yield flow.edge("DELEGATES_TO", flow.key, key, node.at, mode="invoke", kind_detail="workflow_step")
        yield from self.credentials(node, [key])
        yield from flow.secrets(key, node.parameters, (*node.at, "parameters"), "prompt")
        if node.slug not in ("agent", "agentTool"):
            yield from flow.model(key, node.text("modelId", "model"), node.at)
        for other in self.given(node.name, "ai_languageModel"):
            yield from flow.model(key, other.text("model", "modelName", "modelId", "deployment"), other.at)
        for tool in self.given(node.name, "ai_tool"):
            yield from self.attached(key, tool)

    def attached(self, agent: NodeKey, node: Node) -> Iterator[Fact]:
        """What ``agent`` may call: a sub-agent, another workflow, a server's tools or a tool."""
        flow = self.flow
        if node.name in self.agents:
            yield flow.edge("DELEGATES_TO", agent, self.agents[node.name], node.at, mode="invoke", kind_detail="agent_tool")
        elif node.slug in ("toolWorkflow", "retrieverWorkflow"):
            yield from self.sub_workflow(agent, node, "workflow_tool")
        elif node.slug in ("mcpClientTool", "mcpClient"):
            yield from self.mcp_client(agent, node)
        else:
            yield flow.edge("USES", agent, self.tool_key(node), node.at)
            for store in self.stores(node):
                yield from self.stored(store, [agent], reads=True, writes=False)

    # ---- other nodes --------------------------------------------------------------------------------------------------------

    def step(self, node: Node) -> Iterator[Fact]:
        if self.disabled(node.name):
            return
        slug = node.slug
        if self.is_tool(node):
            yield from self.tool(node)
        elif slug in ("executeWorkflow", "retrieverWorkflow", "toolWorkflow"):
            for holder in [self.flow.key] if slug == "executeWorkflow" else self.served(node.name):
                source = holder if holder[0] != "Tool" else self.flow.key
                yield from self.sub_workflow(source, node, "sub_workflow")
        elif _MEMORY.fullmatch(slug) and slug != "memoryManager":
            yield from self.memory(node)
        elif slug.startswith("vectorStore"):
            yield from self.vector_store(node)
        elif slug in _OPEN_TRIGGERS or slug.lower().endswith("trigger"):
            yield from self.trigger(node)
        elif self.is_plain(node) and slug not in TRANSFORMS and not self.is_model_step(node):
            yield from self.action(node)
        else:
            yield from self.helper(node)

    def is_plain(self, node: Node) -> bool:
        """Whether a node is a step of the workflow and no part of another node."""
        if self.is_loose_tool(node) or node.name in self.parts:
            return False
        return not (_SUBNODES.match(node.slug) and "langchain" in node.type)

    def helper(self, node: Node) -> Iterator[Fact]:
        """A part of another node, or a step that asks a model or changes what passes through."""
        flow = self.flow
        holders = self.served(node.name)
        yield from self.credentials(node, holders)
        for holder in holders:
            yield from flow.secrets(holder, node.parameters, (*node.at, "parameters"), "config")
        if holders[0][0] != "Agent" and (node.slug.startswith("lm") or self.is_model_step(node)):
            yield from flow.model(flow.key, node.text("modelId", "model", "modelName", "chatModel"), node.at)

    def is_model_step(self, node: Node) -> bool:
        """Whether a step asks a model for text and does nothing else."""
        service = service_of(node.slug)
        return service is not None and service.sort == "model" and node.text("resource") in ("", "text", "chat", "conversation")

    def tool(self, node: Node) -> Iterator[Fact]:
        """A node that is attached to an agent or offered by an MCP server."""
        if node.slug in ("toolWorkflow", "mcpClientTool"):
            return
        key = self.tool_key(node)
        self.tools[node.name] = key
        yield from self.tool_facts(node, key, f"n8n {node.slug}", "tool_definition")
        for store in self.given(node.name, "ai_vectorStore"):
            yield from self.credentials(store, [key])

    def action(self, node: Node) -> Iterator[Fact]:
        """A step that acts on something outside."""
        if node.slug in ("mcpClient",):
            yield from self.mcp_client(self.flow.key, node)
            return
        key = self.tool_key(node)
        yield from self.tool_facts(node, key, f"n8n step {node.slug}", "config")
        yield self.flow.edge("USES", self.flow.key, key, node.at)

    def tool_facts(self, node: Node, key: NodeKey, detail: str, place: str) -> Iterator[Fact]:
        flow = self.flow
        stores = self.stores(node)
        yield from flow.tool(
            key,
            called(node.text("name")) or called(node.name),
            self.does(node),
            node.at,
            account=(self.account(node), self.account_name(node)),
            host=host_of(node.text("url", "endpoint")) if node.slug in _REQUESTS else None,
            resource=self.store_id(stores[0])[0] if stores else "",
            kind_detail=detail,
        )
        yield from self.credentials(node, [key])
        yield from flow.secrets(key, node.parameters, (*node.at, "parameters"), place)

    def does(self, node: Node) -> Does:
        """What a node does, by its type, operation, method and SQL."""
        slug = node.slug
        if slug in ("toolVectorStore",) or slug.startswith("vectorStore"):
            return Does(frozenset({"read"}), False, service_of("vectorstore"))
        method = node.text("method", "requestMethod", "httpMethod")
        dynamic = method.startswith("=") or "$fromAI" in method
        operation = node.text("operation")
        stated = "" if operation.startswith("={{") else operation.removeprefix("=") or None
        if slug in _REQUESTS:
            return does("httpRequest", method="POST" if dynamic else method or "GET", host=_bare(host_of(node.text("url"))))
        if slug == "toolCode" and (known := code_does(slug, node.text("jsCode", "code", "pythonCode"))) is not None:
            return known
        query = node.text("query")
        found = does(slug, stated, resource=node.text("resource"), query=query or None)
        if node.text("resource") == "draft" and found.effects is not None:
            return replace(found, effects=found.effects - {"irreversible"})
        return found

    # ---- delegation ---------------------------------------------------------------------------------------------------------

    def sub_workflow(self, source: NodeKey, node: Node, mechanism: str) -> Iterator[Fact]:
        """``source`` runs another workflow: itself, one whose JSON stands in the node, or one by id."""
        flow = self.flow
        common: dict[str, Any] = {"mode": "invoke", "kind_detail": mechanism}
        inline = node.text("workflowJson")
        target = node.text("workflowId")
        if node.text("source") == "parameter" or (inline and not target):
            yield from self.inner(source, node, inline, common)
        elif _ITSELF.fullmatch(target):
            if source != self.when_called:
                yield flow.edge("DELEGATES_TO", source, self.when_called, node.at, **common)
        elif not target or target.startswith("=") or "{{" in target:
            yield from flow.problem(f"the workflow that node {called(node.name)[:80]!r} runs is chosen at run time", node.at)
        else:
            name = called(target)
            reference = Ref("Workflow", NAME, name, fallback=f"{NAME}:{flow.document.root}#{name}")
            yield flow.edge("DELEGATES_TO", source, reference, node.at, **common)

    def inner(self, source: NodeKey, node: Node, text: str, common: dict[str, Any]) -> Iterator[Fact]:
        flow = self.flow
        line = flow.where(*node.at)
        located = embedded(flow.document, text, line)
        if located is None or self.depth >= MAX_EMBEDDED or not isinstance(located.value, dict):
            yield from flow.problem(f"the workflow inside node {called(node.name)[:80]!r} is no JSON of a workflow", node.at)
            return
        base = flow.id(node.label)
        made = Flow(flow.document, NAME, node.label, _always(line), base, f"{flow.section}{node.label}/", _references, called(node.name))
        made.key = ("Workflow", base)
        inside = _Workflow(made, located.value, self.depth + 1)
        facts = list(inside.facts())
        if facts:
            yield from facts
            yield flow.edge("DELEGATES_TO", source, made.key, node.at, **common)

    def order(self) -> Iterator[Fact]:
        """Agents that come after agents along the workflow, and what comes in through its triggers."""
        flow = self.flow
        successors = grouped((source, target) for source, links in self.out.items() for kind, target in links if kind == "main")
        steps = [name for name in self.agents if not self.is_tool(self.nodes[name])]
        for source, target, between in following(successors, steps, set(steps)):
            mechanism = "conditional_edge" if any(self.nodes[name].slug in _CONDITIONS for name in between) else "graph_edge"
            node = self.nodes[source]
            yield flow.edge("DELEGATES_TO", self.agents[source], self.agents[target], node.at, mode="invoke", kind_detail=mechanism)
        triggers = [name for name, node in self.nodes.items() if self.content_id(node) and not self.disabled(name)]
        for source, target, _ in following(successors, triggers, set(steps)):
            node = self.nodes[source]
            yield flow.edge("INGESTS", self.agents[target], ("ContentSource", self.content_id(node)), node.at)

    # ---- input --------------------------------------------------------------------------------------------------------------

    def content_id(self, node: Node) -> str:
        """Id of the content that a trigger lets in; empty where nobody else writes it."""
        if node.slug in _SCHEDULES or node.slug in ("manualChatTrigger", "mcpTrigger"):
            return ""
        if node.slug == "emailReadImap" and node.text("operation"):
            return ""
        is_trigger = node.slug in _OPEN_TRIGGERS or node.slug.lower().endswith("trigger")
        return self.flow.id(node.label) if is_trigger and node.slug != "localFileTrigger" else ""

    def trigger(self, node: Node) -> Iterator[Fact]:
        """What starts the workflow, where it brings content from outside."""
        flow = self.flow
        if node.slug == "mcpTrigger":
            yield from self.mcp_server(node)
            yield from self.credentials(node, [flow.key])
            return
        identifier = self.content_id(node)
        if identifier:
            labels, trust = _openness(node)
            kind = _OPEN_TRIGGERS.get(node.slug) or re.sub(r"(?i)trigger$", "", node.slug)
            yield from flow.content([flow.key], identifier, called(node.name), node.at, detail=f"n8n {kind}", trust=trust, labels=labels)
        elif node.slug == "emailReadImap":
            yield from self.action(node)
            return
        yield from self.credentials(node, [flow.key])
        yield from flow.secrets(flow.key, node.parameters, (*node.at, "parameters"), "config")

    # ---- memory -------------------------------------------------------------------------------------------------------------

    def memory(self, node: Node) -> Iterator[Fact]:
        flow = self.flow
        users = [key for key in self.served(node.name) if key[0] == "Agent"]
        if not users:
            return
        session = node.text("sessionKey")
        shared = node.text("sessionIdType") == "customKey" and session and "{{" not in session
        key: NodeKey = ("Memory", flow.id(node.label))
        yield from flow.memory(users, key, called(node.name), node.at, scope="global" if shared else "session", detail=f"n8n {node.slug}")
        yield from self.credentials(node, [key])
        yield from flow.secrets(key, node.parameters, (*node.at, "parameters"), "config")

    def vector_store(self, node: Node) -> Iterator[Fact]:
        flow = self.flow
        mode = node.text("mode")
        plain = node.name not in self.parts
        holders = self.served(node.name)
        yield from self.credentials(node, [flow.key] if plain else holders)
        yield from flow.secrets(flow.key, node.parameters, (*node.at, "parameters"), "config")
        writes = mode in ("insert", "update", "upsert")
        users = [flow.key] if plain else [holder for holder in holders if holder[0] in ("Agent", "Workflow")]
        yield from self.stored(node, users, reads=not writes, writes=writes)

    def stored(self, node: Node, users: list[NodeKey], *, reads: bool, writes: bool) -> Iterator[Fact]:
        identifier, name = self.store_id(node)
        key: NodeKey = ("Memory", identifier)
        yield from self.flow.memory(users, key, name, node.at, scope="global", detail=f"n8n {node.slug}", reads=reads, writes=writes)

    # ---- MCP ----------------------------------------------------------------------------------------------------------------

    def mcp_client(self, agent: NodeKey, node: Node) -> Iterator[Fact]:
        flow = self.flow
        address = node.text("endpointUrl", "sseEndpoint", "url").removeprefix("=")
        transport = node.text("serverTransport")
        entry: dict[str, Any] = {"url": address, "type": "sse" if "sseEndpoint" in node.parameters or transport == "sse" else "http"}
        authentication = node.text("authentication") or "none"
        if "oauth" in authentication.lower():
            entry["auth"] = "oauth"
        elif "langchain" not in node.type:
            pass  # the client of the community says it in its credential alone
        elif authentication == "none":
            entry["auth"] = "none"
        else:
            entry["headers"] = {"Authorization": ""}
        chosen = [called(tool) for tool in items(node.parameters.get("includeTools")) if text_of(tool)]
        if node.text("include") == "selected" and chosen:
            entry["includeTools"] = chosen
        if re.match("https?://[^{<]", address):
            yield from flow.server(agent, node.label, entry, node.at)
        else:
            yield from flow.problem(f"the address of MCP server {called(node.name)[:80]!r} is not in the file", node.at)
            yield from flow.unknown_server(agent, node.label, node.at, entry.get("includeTools"), auth=entry.get("auth"))
        yield from self.credentials(node, [agent])

    def mcp_server(self, node: Node) -> Iterator[Fact]:
        """A trigger that offers tools to MCP clients."""
        flow = self.flow
        key: NodeKey = ("ToolServer", f"mcp:{flow.document.source()}#{flow.section}{node.label}")
        authentication = node.text("authentication") or "none"
        auth = {"none": "none"}.get(authentication, "key")
        yield flow.node(
            *key, node.at, name=called(node.name), protocol="mcp", origin="internal", auth=auth, kind_detail="n8n MCP server trigger"
        )
        for tool in self.given(node.name, "ai_tool"):
            if tool.slug not in ("toolWorkflow", "mcpClientTool") and tool.name not in self.agents:
                yield flow.edge("PROVIDES", key, self.tool_key(tool), tool.at)
            elif tool.name in self.agents:
                yield EdgeFact("CALLS_BACK", key, self.agents[tool.name], {"evidence": ["declared"], "sources": flow.sources(tool.at)})

    # ---- credentials --------------------------------------------------------------------------------------------------------

    def credentials(self, node: Node, holders: list[NodeKey]) -> Iterator[Fact]:
        for type, value in mapping(node.value.get("credentials")).items():
            identifier, name = credential_of(value)
            if identifier or name:
                yield from self.flow.credential(holders, str(type), identifier, name, (*node.at, "credentials", type))


def _always(line: int) -> Callable[..., int]:
    return lambda *_: line


def _bare(host: str | None) -> str | None:
    return host.partition("://")[2].partition(":")[0] if host else None


def _openness(node: Node) -> tuple[list[str], str | None]:
    """Labels and trust of what a trigger lets in.

    Whoever knows the address of an open webhook writes there. Where callers must show who they are, or a chat is only open to users of
    n8n, nothing is said about whether they are strangers.
    """
    if node.slug == "chatTrigger":
        public = node.parameters.get("public") is True
        authentication = node.text("authentication") or "none"
        labels = [f"public={str(public).lower()}", *([f"authentication={called(authentication)}"] if public else [])]
        return labels, "untrusted" if public and authentication == "none" else None
    if node.slug in ("webhook", "formTrigger", "mcpTrigger"):
        authentication = called(node.text("authentication") or "none")
        return [f"authentication={authentication}"], "untrusted" if authentication == "none" else None
    service = service_of(node.slug)
    return [], "untrusted" if service is not None and service.strangers else None
