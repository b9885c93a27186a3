"""The graph of an n8n workflow: its nodes, what is connected to what, which nodes are agents and which are their tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.lowcode import Flow, Where, called, items, text_of, unique
from graphinv.ingest.support.parts import mapping
from graphinv.model.facts import NodeKey, Problem

MAX_PARTS = 200
"""Nodes that one part may be part of, over all its connections."""

_TOOL = re.compile(r"tool[A-Z]\w*|\w+Tool")
_PARTS = (
    (_TOOL, "ai_tool"),
    (re.compile(r"lm[A-Z]\w*"), "ai_languageModel"),
    (re.compile(r"memory[A-Z]\w*Window|memory\w+Chat"), "ai_memory"),
)
_AGENTS = frozenset({"agent", "agentTool", "openAiAssistant"})
_TRANSFORM_NAMES = """
set if switch merge splitOut aggregate noOp wait filter limit html markdown dateTime itemLists sort summarize removeDuplicates crypto
compression convertToFile extractFromFile editImage respondToWebhook form stopAndError executionData splitInBatches moveBinaryData
spreadsheetFile renameKeys compareDatasets stickyNote start manualTrigger scheduleTrigger cron interval errorTrigger workflowTrigger
executeWorkflowTrigger manualChatTrigger chainLlm chainSummarization chainRetrievalQa informationExtractor textClassifier
sentimentAnalysis memoryManager xml htmlExtract debugHelper evaluation evaluationTrigger totp jwt chat iCal htmlTemplate aiTransform
toolExecutor simulate modelSelector guardrails n8nTrigger n8nTrainingCustomerDatastore n8nTrainingCustomerMessenger
"""
TRANSFORMS = frozenset(_TRANSFORM_NAMES.split())
"""Nodes that change what passes through and reach nothing outside."""
_COLLECTION_NAMES = (
    "pineconeIndex qdrantCollection tableName memoryKey milvusCollection weaviateCollection mongoCollection collectionName chromaCollection"
    " indexName"
)
_COLLECTIONS = tuple(_COLLECTION_NAMES.split())


@dataclass
class Node:
    """One node of a workflow."""

    name: str
    slug: str
    type: str
    at: Where
    value: Mapping[str, Any]
    parameters: Mapping[str, Any]
    label: str = ""
    """Name for ids, unique in the workflow."""

    def text(self, *keys: str) -> str:
        """The first of these parameters that is text, or the value of a resource locator."""
        for key in keys:
            value = self.parameters.get(key)
            stated = text_of(value.get("value")) if isinstance(value, dict) else text_of(value)
            if stated:
                return stated
        return ""


@dataclass
class Graph:
    """Nodes and connections of one workflow."""

    flow: Flow
    value: Mapping[str, Any]
    depth: int = 0
    nodes: dict[str, Node] = field(default_factory=dict)
    into: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Node → (kind of connection, node it comes from)."""
    out: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    """Nodes that are part of another node, such as its model."""
    offered: set[str] = field(default_factory=set)
    """Nodes that are a tool of another one."""
    agents: dict[str, NodeKey] = field(default_factory=dict)
    tools: dict[str, NodeKey] = field(default_factory=dict)
    when_called: NodeKey = ("Workflow", "")
    """What runs when the workflow is called: itself, or a part of it."""

    def read_nodes(self) -> Iterator[Problem]:
        for index, value in enumerate(items(self.value.get("nodes"))):
            at: Where = ("nodes", index)
            if not isinstance(value, dict) or not text_of(value.get("type")):
                yield from self.flow.problem("a node has no type; it is left out", at, "error")
                continue
            kind = text_of(value.get("type"))
            slug = kind.rpartition(".")[2]
            if slug == "stickyNote":
                continue
            name = text_of(value.get("name")) or text_of(value.get("id")) or f"{slug} {index}"
            if name in self.nodes:
                yield from self.flow.problem("two nodes of a workflow have one name; the first counts", at)
                continue
            self.nodes[name] = Node(name, slug, kind, at, value, mapping(value.get("parameters")))
        labels = unique({name: called(name) for name in self.nodes})
        for name, node in self.nodes.items():
            node.label = labels[name]

    def disabled(self, name: str) -> bool:
        return self.nodes[name].value.get("disabled") is True

    def read_connections(self) -> None:
        for source, kinds in mapping(self.value.get("connections")).items():
            if source not in self.nodes:
                continue
            for kind, outputs in mapping(kinds).items():
                for output in items(outputs):
                    for link in items(output):
                        target = text_of(mapping(link).get("node"))
                        if target in self.nodes:
                            self.connect(kind, source, target)

    def connect(self, kind: str, source: str, target: str) -> None:
        if kind == "main":
            kind, source, target = self.meant(source, target)
        if kind == "main" or not (self.disabled(source) or self.disabled(target)):
            if kind.startswith("ai_"):
                self.parts.add(source)
            if kind == "ai_tool":
                self.offered.add(source)
            self.out.setdefault(source, []).append((kind, target))
            self.into.setdefault(target, []).append((kind, source))

    def meant(self, source: str, target: str) -> tuple[str, str, str]:
        """Files written by hand draw tools, models and memory like steps before or behind their agent. These have no input and no output
        of that kind, so that nothing else can be meant."""
        before, after = self.nodes[source].slug, self.nodes[target].slug
        if before in _AGENTS and _TOOL.fullmatch(after):
            return "ai_tool", target, source
        if after in _AGENTS:
            kind = next((kind for pattern, kind in _PARTS if pattern.fullmatch(before)), "main")
            return kind, source, target
        return "main", source, target

    def given(self, name: str, kind: str) -> list[Node]:
        """Nodes that are connected to ``name`` by ``kind``, each once."""
        return [self.nodes[source] for source in dict.fromkeys(source for one, source in self.into.get(name, ()) if one == kind)]

    def is_agent(self, node: Node) -> bool:
        if self.disabled(node.name) or node.slug == "mcpTrigger":
            return False
        if node.slug in _AGENTS:
            return True
        if node.slug == "openAi" and "langchain" in node.type and node.text("resource") == "assistant":
            return node.text("operation") in ("", "message")
        return bool(self.given(node.name, "ai_tool")) and node.slug != "toolExecutor"

    def served(self, name: str) -> list[NodeKey]:
        """Whom a sub-node serves: the agents and tools at the end of its connections, else the workflow."""
        found: dict[NodeKey, None] = {}
        seen = {name}
        queue = [name]
        while queue and len(seen) <= MAX_PARTS:
            for kind, target in self.out.get(queue.pop(), [])[:MAX_PARTS]:
                if kind == "main" or target in seen:
                    continue
                seen.add(target)
                if target in self.agents:
                    found[self.agents[target]] = None
                elif target in self.tools or self.is_tool(self.nodes[target]):
                    found[self.tool_key(self.nodes[target])] = None
                else:
                    queue.append(target)
        return list(found) or [self.flow.key]

    def is_loose_tool(self, node: Node) -> bool:
        """Whether it is a tool that nothing is given: it belongs to nobody."""
        return bool(_TOOL.fullmatch(node.slug)) and not self.is_tool(node)

    def is_tool(self, node: Node) -> bool:
        return node.name in self.offered

    def tool_key(self, node: Node) -> NodeKey:
        return "Tool", self.flow.id(node.label)

    def stores(self, node: Node) -> list[Node]:
        """Vector stores behind a tool: itself or what it is connected to."""
        if node.slug.startswith("vectorStore"):
            return [node]
        return [store for store in self.given(node.name, "ai_vectorStore") if store.slug.startswith("vectorStore")]

    def store_id(self, node: Node) -> tuple[str, str]:
        """Id and name of a vector store: the same one wherever its account and its collection are named alike."""
        collection = node.text(*_COLLECTIONS)
        if not collection or collection.startswith("="):
            return self.flow.id(node.label), called(node.name)
        parts = (node.slug.removeprefix("vectorStore"), self.account(node), called(collection))
        return f"n8n-vector:{self.flow.document.root}#{'/'.join(part for part in parts if part)}", called(collection)

    def account_name(self, node: Node) -> str:
        """What people call that account."""
        names = [credential_of(value)[1] for value in mapping(node.value.get("credentials")).values()]
        return called(names[0]) if names else ""

    def account(self, node: Node) -> str:
        """What tells the account of a node's service from others: its first credential."""
        for type, value in mapping(node.value.get("credentials")).items():
            identifier, name = credential_of(value)
            if identifier or name:
                return f"{called(str(type))}/{called(identifier) or called(name)}"
        return ""


def credential_of(value: object) -> tuple[str, str]:
    """Id and name of a credential; an id that only holds a place counts as none."""
    if isinstance(value, str):
        return "", value
    entry = mapping(value)
    identifier = entry.get("id")
    text = str(identifier) if isinstance(identifier, (str, int)) and not isinstance(identifier, bool) else ""
    if re.fullmatch(r"(?i)x+|.*(?:replace|your|placeholder|credential_?id|changeme|todo).*", text):
        text = ""
    return text, text_of(entry.get("name"))
