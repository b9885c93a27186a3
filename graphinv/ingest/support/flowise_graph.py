"""The graph of a Flowise flow: its nodes, what is put into their inputs, which are agents, what comes after what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.lowcode import Flow, Where, called, items, text_of, unique
from graphinv.ingest.support.lowcode_ways import grouped
from graphinv.ingest.support.parts import mapping

_NODE_REF = re.compile(r"\{\{\s*([\w-]{1,100})\.data\.instance\s*\}\}")
_AGENT_NAMES = frozenset({"supervisor", "worker", "seqAgent", "agentAgentflow", "conditionAgentAgentflow", "seqConditionAgent"})
_NAMES = ("workerName", "supervisorName", "agentName", "llmNodeName", "conditionAgentName", "conditionName")
ROUTERS = frozenset({"conditionAgentAgentflow", "seqConditionAgent"})
CONDITIONS = frozenset({"conditionAgentflow", "seqCondition", "ifElseFunction", "humanInputAgentflow"})


@dataclass
class Node:
    """One node of a flow; ``title`` is what people call it, ``label`` the same made unique for ids."""

    id: str
    name: str
    title: str
    at: Where
    data: Mapping[str, Any]
    inputs: Mapping[str, Any]
    parent: str = ""
    label: str = ""

    @property
    def category(self) -> str:
        return text_of(self.data.get("category"))


@dataclass
class Graph:
    """Nodes and edges of one flow."""

    flow: Flow
    value: Mapping[str, Any]
    nodes: dict[str, Node] = field(default_factory=dict)
    given: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)
    """Node → input → nodes that are put in there."""

    def read_nodes(self) -> None:
        for index, value in enumerate(items(self.value.get("nodes"))):
            data = mapping(mapping(value).get("data"))
            name = text_of(data.get("name"))
            identifier = text_of(mapping(value).get("id")) or text_of(data.get("id"))
            if not name or not identifier or name.startswith("stickyNote") or identifier in self.nodes:
                continue
            inputs = mapping(data.get("inputs"))
            given = next((text_of(inputs.get(part)) for part in _NAMES if text_of(inputs.get(part))), "")
            title = called(given) or called(data.get("label")) or name
            parent = text_of(mapping(value).get("parentNode")) or text_of(mapping(value).get("parentId"))
            self.nodes[identifier] = Node(identifier, name, title, ("nodes", index, "data"), data, inputs, parent)
        labels = unique({key: node.title for key, node in self.nodes.items()})
        for key, node in self.nodes.items():
            node.label = labels[key]

    def read_inputs(self) -> None:
        """What is put into the inputs of nodes, by edges and by references."""
        for edge in items(self.value.get("edges")):
            source, target = text_of(mapping(edge).get("source")), text_of(mapping(edge).get("target"))
            handle = text_of(mapping(edge).get("targetHandle")).removeprefix(f"{target}-input-")
            if source in self.nodes and target in self.nodes:
                self.put(target, handle.partition("-")[0], source)
        for key, node in self.nodes.items():
            for name, value in node.inputs.items():
                for text in [value] if isinstance(value, str) else items(value):
                    for source in _NODE_REF.findall(text) if isinstance(text, str) and "{{" in text else ():
                        if source in self.nodes:
                            self.put(key, name, source)

    def put(self, target: str, name: str, source: str) -> None:
        self.given.setdefault(target, {}).setdefault(name, {})[source] = None

    def inputs(self, node: Node, *names: str) -> list[Node]:
        return [self.nodes[key] for name in names for key in self.given.get(node.id, {}).get(name, ())]

    def is_agent(self, node: Node) -> bool:
        if node.name in _AGENT_NAMES or node.category == "Agents":
            return True
        return node.name == "seqLLMNode" and bool(self.inputs(node, "tools"))

    def store_of(self, node: Node) -> tuple[str, str, Node]:
        """Id, name and node of the vector store behind a retriever or a tool; the same one wherever its collection is named alike."""
        for _ in range(3):
            inner = self.inputs(node, "vectorStore", "baseRetriever", "vectorStoreRetriever", "retriever", "baseChain")
            if not inner or node.category == "Vector Stores":
                break
            node = inner[0]
        places = ("pineconeIndex", "collectionName", "qdrantCollection", "tableName", "indexName", "selectedStore", "milvusCollection")
        collection = next((called(node.inputs.get(name)) for name in places if text_of(node.inputs.get(name))), "")
        identifier = f"flowise-vector:{self.flow.document.root}#{node.name}/{collection}" if collection else self.flow.id(node.label)
        return identifier, collection or node.title, node

    def successors(self) -> dict[str, list[str]]:
        """Which node comes after which, loops back and the inside of iterations included."""
        pairs: list[tuple[str, str]] = []
        entered: set[str] = set()
        for edge in items(self.value.get("edges")):
            source, target = text_of(mapping(edge).get("source")), text_of(mapping(edge).get("target"))
            handle = text_of(mapping(edge).get("targetHandle"))
            if source in self.nodes and target in self.nodes and (handle == target or self.is_sequence(handle)):
                pairs.append((source, target))
                entered.add(target)
        left = {source for source, _ in pairs}
        titled = {node.title: key for key, node in self.nodes.items()}
        for key, node in self.nodes.items():
            back = text_of(node.inputs.get("loopBackToNode")).partition("-")[0] or titled.get(called(node.inputs.get("loopToName")), "")
            if back in self.nodes:
                pairs.append((key, back))
            if node.parent in self.nodes:
                pairs.extend([(node.parent, key)] if key not in entered else [])
                pairs.extend([(key, node.parent)] if key not in left else [])
        return grouped(pairs)

    @staticmethod
    def is_sequence(handle: str) -> bool:
        """Whether an edge says what comes next, and not what is put in."""
        return bool(re.search(r"-input-(?:sequentialNode|predecessor)-", handle))
