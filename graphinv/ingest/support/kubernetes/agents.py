"""Agents, tools and tool servers that are objects of a cluster → facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from graphinv.ingest.support.kubernetes.cluster import Cluster
from graphinv.ingest.support.kubernetes.kagent import labelled_as
from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.kubernetes.readings import Agent, Memory, Model, Pod, Read, Server, Service, Tool, Use
from graphinv.ingest.support.kubernetes.secrets import moved
from graphinv.ingest.support.secrets import UrlParts, url_parts
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

SERVERS = ("MCPServer", "RemoteMCPServer", "ToolServer", "Service")
AGENTS = ("Agent", "SandboxAgent", "AgentTemplate", "Team", "A2AServer")
UNSURE = 0.8
"""How sure it is that a tool which no object defines is one of the server whose name its own begins with, and that an address in an agent's
environment is that of a server it uses."""
MAX_TOLD = 5
_UNDEFINED_MODELS = ("default", "default-model-config")
"""Names that a chart gives its own objects."""
_MCP_VARIABLE = re.compile(r"(?:.*_)?MCP(?:_.*)?", re.IGNORECASE)
_MCP_PATH = re.compile(r".*/(?:mcp|sse)/?")


class Agents:
    """Facts of the agents of a cluster; ``cluster`` finds what they name."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def of(self, read: Read) -> Iterator[Fact]:
        """The facts of one object."""
        match read.content:
            case Agent():
                yield from self.agent(read, read.content)
            case Server():
                yield from self.server(read, read.content)
            case Tool():
                yield from self.tool(read, read.content)
            case Model(model=name) if name:
                yield NodeFact("Model", name, {"name": name, "sources": [self.cluster.source(read)]})
            case Memory():
                key = ("Memory", self.cluster.id(read))
                yield self.cluster.node(read, *key, kind_detail=read.content.detail)
                yield from self.cluster.given(key, read, read.content.secrets)
            case _:
                return

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def key(self, read: Read, agent: Agent) -> NodeKey:
        kind = "Workflow" if agent.workflow else "Agent"
        if agent.target is not None:  # the workload is the agent; this object only says so
            return kind, object_id(self.cluster.root, read.namespace, *agent.target)
        return kind, self.cluster.id(read)

    def agent(self, read: Read, agent: Agent) -> Iterator[Fact]:
        cluster, key = self.cluster, self.key(read, agent)
        props: Props = {"kind_detail": agent.detail, "status": "active", "labels": list(agent.labels)}
        if agent.workflow:
            yield cluster.node(read, *key, type="team", **props)
        else:
            yield cluster.node(read, *key, framework=agent.framework, **props)
        self.undefined: dict[str, list[Use]] = {}
        for use in agent.uses:
            yield from self.use(read, key, use)
        for kind, uses in self.undefined.items():
            names = ", ".join(repr(use.name) for use in uses[:MAX_TOLD]) + (" …" if len(uses) > MAX_TOLD else "")
            yield cluster.problem(read, f"names {len(uses)} of kind {kind} that nothing in this root defines: {names}", uses[0].line)
        for source, target, line in agent.edges:
            ends = [self.actor(read, read.namespace, "Agent", name) for name in (source, target)]
            if ends[0] and ends[1]:
                yield EdgeFact("DELEGATES_TO", ends[0], ends[1], cluster.stated(read, line, mode="handoff", kind_detail="team graph"))
        for namespace, name, line in agent.models:
            yield from self.model(read, key, namespace or read.namespace, name, line)
        for name in agent.memories:
            memory = ("Memory", object_id(cluster.root, read.namespace, "Memory", name))
            yield EdgeFact("READS", key, memory, cluster.stated(read))
            yield EdgeFact("WRITES", key, memory, cluster.stated(read))
        yield from moved(agent.facts, key)
        yield from self.runs_on(read, key, agent)
        yield from cluster.owned(read, key)

    def runs_on(self, read: Read, key: NodeKey, agent: Agent) -> Iterator[Fact]:
        runtime: NodeKey = ("Runtime", key[1])
        if agent.target is not None:
            if self.cluster.find(agent.target[0], read.namespace, agent.target[1]):
                yield EdgeFact("RUNS_ON", key, runtime, self.cluster.stated(read))
        elif agent.pod is not None:
            yield from self.cluster.runtime(read, agent.pod, runtime, agent.own_account)
            yield EdgeFact("RUNS_ON", key, runtime, self.cluster.stated(read))
            yield from self.addressed(read, key, agent.pod)

    def labelled(self, read: Read, pod: Pod, runtime: NodeKey, kind: str, framework: str) -> Iterator[Fact]:
        """The agent or the tool server that the labels of a workload say it is."""
        if kind == "tool":
            key: NodeKey = ("ToolServer", runtime[1])
            detail: Props = {"protocol": "mcp", "transport": "http", "origin": "internal", "status": "active"}
            yield self.cluster.node(read, *key, kind_detail="kagenti tool", **detail)
            yield EdgeFact("RUNS_ON", key, runtime, self.cluster.stated(read))
            return
        key = ("Agent", runtime[1])
        yield self.cluster.node(read, *key, framework=framework, kind_detail="kagenti agent", status="active")
        yield EdgeFact("RUNS_ON", key, runtime, self.cluster.stated(read))
        yield from self.addressed(read, key, pod)

    def addressed(self, read: Read, key: NodeKey, pod: Pod) -> Iterator[Fact]:
        """(agent)-[:CONNECTS_TO]->(the MCP servers whose addresses stand in its environment)"""
        for variable, address, line in pod.addresses:
            if not (_MCP_VARIABLE.fullmatch(variable) or _MCP_PATH.fullmatch(address)):
                continue
            server, node = self.at_address(read, address, line)
            yield node
            props = {**self.cluster.stated(read, line), "evidence": ["inferred"], "confidence": UNSURE}
            yield EdgeFact("CONNECTS_TO", key, server, props)

    def actor(self, user: Read, namespace: str, kind: str, name: str) -> NodeKey | None:
        """The agent or team of a name; any kind of agent where none of that kind has it."""
        for one in (kind, *AGENTS):
            for read in self.cluster.near(user, one, namespace, name):
                if isinstance(read.content, Agent):
                    return self.key(read, read.content)
                if isinstance(read.content, Server):
                    return "Agent", self.cluster.id(read)
        return None

    def use(self, read: Read, key: NodeKey, use: Use) -> Iterator[Fact]:
        """What one entry of an agent's tools gives it."""
        namespace = use.namespace or read.namespace
        yield from self.cluster.given(key, read, use.secrets)
        yield from moved(use.facts, key)
        if use.kind in AGENTS:
            target = self.actor(read, namespace, use.kind, use.name)
            if target is None:
                target = ("Workflow" if use.kind == "Team" else "Agent", object_id(self.cluster.root, namespace, use.kind, use.name))
                yield self.unknown(read, use, target)
            detail = "team member" if key[0] == "Workflow" else "agent_tool"
            yield EdgeFact("DELEGATES_TO", key, target, self.cluster.stated(read, use.line, mode="invoke", kind_detail=detail))
        elif use.kind == "Tool":
            yield from self.uses(read, key, use, namespace)
        elif use.kind:
            yield from self.connects(read, key, use, namespace)

    def unknown(self, read: Read, use: Use, key: NodeKey) -> NodeFact:
        """The node of what is named and not defined."""
        self.undefined.setdefault(use.kind, []).append(use)
        return NodeFact(*key, {"name": use.name, "status": "unknown", "sources": [self.cluster.source(read, use.line)]})

    # ---- models -------------------------------------------------------------------------------------------------------------

    def model(self, read: Read, key: NodeKey, namespace: str, name: str, line: int) -> Iterator[Fact]:
        kinds = ("ModelConfig", "Model")
        found = [one for kind in kinds for one in self.cluster.near(read, kind, namespace, name) if isinstance(one.content, Model)]
        if not found and name not in _UNDEFINED_MODELS:
            yield self.cluster.problem(read, f"names the model {name!r}, which nothing in this root defines", line)
        for one in found:
            model = one.content
            if not isinstance(model, Model):
                continue
            if model.model:
                yield NodeFact("Model", model.model, {"name": model.model, "sources": [self.cluster.source(one)]})
                yield EdgeFact("USES_MODEL", key, ("Model", model.model), self.cluster.stated(read, line))
            yield from self.cluster.given(key, one, model.secrets)
            yield from moved(model.facts, key)

    # ---- servers ------------------------------------------------------------------------------------------------------------

    def connects(self, read: Read, key: NodeKey, use: Use, namespace: str) -> Iterator[Fact]:
        kinds = dict.fromkeys((use.kind, *SERVERS))
        found = [
            one for kind in kinds for one in self.cluster.near(read, kind, namespace, use.name) if isinstance(one.content, Server | Service)
        ]
        found = [one for one in found if one.kind == use.kind] or [one for one in found if isinstance(one.content, Server)]
        if not found:
            target: NodeKey = ("ToolServer", object_id(self.cluster.root, namespace, use.kind, use.name))
            yield self.unknown(read, use, target)
            yield self.connection(read, key, target, use)
        for one in found:
            if isinstance(one.content, Service):
                server, node = self.of_service(read, namespace, one.name, one.content.mcp, one.content.transport, use.line)
                yield node
                yield self.connection(read, key, server, use)
            elif isinstance(one.content, Server):
                yield self.connection(read, key, self.server_key(one, one.content), use)
                yield from self.cluster.given(key, one, one.content.sent)
                yield from moved(one.content.held, key)

    def connection(self, read: Read, key: NodeKey, server: NodeKey, use: Use) -> EdgeFact:
        props = self.cluster.stated(read, use.line)
        return EdgeFact("CONNECTS_TO", key, server, {**props, "tools": list(use.tools)} if use.tools else props)

    def server_key(self, read: Read, server: Server) -> NodeKey:
        """A server elsewhere is known by its address, one of the cluster by what runs it, or by its full name there."""
        service = self.service(read, server)
        if service is not None:
            return self.service_key(*service)
        if server.url:
            parts = url_parts(server.url)
            here = parts is None or is_here(parts.host)
            return "ToolServer", f"mcp:{self.cluster.root}#{server.url}" if here else server.url
        return "ToolServer", self.cluster.id(read)

    def service(self, read: Read, server: Server) -> tuple[str, str, str] | None:
        """(namespace, name, rest of the address) of the service of the cluster that a server is reached by."""
        if server.service is not None:
            namespace, name, rest = server.service
            return namespace or read.namespace, name, rest
        parts = url_parts(server.url) if server.url else None
        inside = self.cluster.inside(parts.host, read.namespace) if parts else None
        return (*inside, _rest(parts)) if parts and inside else None

    def service_key(self, namespace: str, name: str, rest: str) -> NodeKey:
        """The server behind a service: a server object of its name, or a workload that is declared to be one, else its address."""
        for one in self.cluster.find("MCPServer", namespace, name):
            if isinstance(one.content, Server) and one.content.pod is not None:
                return "ToolServer", self.cluster.id(one)
        return "ToolServer", f"http://{name}.{namespace}.svc.cluster.local{rest}"

    def at_address(self, read: Read, address: str, line: int) -> tuple[NodeKey, NodeFact]:
        """The server at an address in the environment."""
        parts = url_parts(address)
        inside = self.cluster.inside(parts.host, read.namespace) if parts else None
        if parts is not None and inside is not None:
            return self.of_service(read, *inside, _rest(parts), "http", line)
        key: NodeKey = ("ToolServer", f"mcp:{self.cluster.root}#{address}" if parts is None or is_here(parts.host) else address)
        props: Props = {"name": parts.host if parts else address, "protocol": "mcp", "transport": "http", "url": address}
        origin = "internal" if parts is None or is_internal(parts.host) else "third_party"
        return key, NodeFact(*key, {**props, "origin": origin, "sources": [self.cluster.source(read, line)]})

    def of_service(self, read: Read, namespace: str, name: str, rest: str, transport: str, line: int) -> tuple[NodeKey, NodeFact]:
        key = self.service_key(namespace, name, rest)
        declared = next(iter(self.declared(namespace, name)), None)
        key = declared or key
        props: Props = {"name": name, "protocol": "mcp", "origin": "internal", "sources": [self.cluster.source(read, line)]}
        if key[1].startswith("http"):
            props |= {"url": key[1], "transport": transport}
        return key, NodeFact(*key, props)

    def declared(self, namespace: str, name: str) -> Iterator[NodeKey]:
        """The tool servers that workloads behind a service are declared to be."""
        for read in self.cluster.selected(namespace, name):
            pod = read.content
            if isinstance(pod, Pod) and (labelled_as(dict((*read.labels, *pod.selected))) or ("",))[0] == "tool":
                yield "ToolServer", self.cluster.runtime_id(read)

    def server(self, read: Read, server: Server) -> Iterator[Fact]:
        """The server of an object, the tools that it was found to have, and what it runs on."""
        cluster, key = self.cluster, self.server_key(read, server)
        if read.kind == "A2AServer":
            key = ("Agent", cluster.id(read))
            yield cluster.node(read, *key, framework="a2a", kind_detail=server.detail, status="active")
        else:
            inside = self.service(read, server) is not None or server.pod is not None
            props: Props = {
                "kind_detail": server.detail,
                "protocol": server.protocol,
                "transport": server.transport or None,
                "origin": "internal" if inside and not any(fact for fact in server.facts if isinstance(fact, NodeFact)) else None,
                "status": "active",
                "url": key[1] if key[1].startswith(("http://", "https://")) else server.url or None,
                "auth": "key" if server.sent or server.held else None,
                "labels": list(server.labels),
            }
            if server.url and not inside:
                parts = url_parts(server.url)
                props["origin"] = "internal" if parts is None or is_internal(parts.host) else "third_party"
            yield cluster.node(read, *key, **props)
        yield from self.tools(read, key, server.tools)
        for fact in moved(server.facts, key):
            # The object's own properties come first: what its command starts only adds to them.
            own = isinstance(fact, NodeFact) and fact.key == key
            yield replace(fact, props=_without(fact.props, "transport", "kind_detail")) if own and isinstance(fact, NodeFact) else fact
        yield from self.behind(read, key, server)
        yield from cluster.owned(read, key)

    def tools(self, read: Read, server: NodeKey, names: Iterable[str]) -> Iterator[Fact]:
        for name in names if server[0] == "ToolServer" else ():
            tool: NodeKey = ("Tool", f"{server[1]}/{name}")
            yield NodeFact(*tool, {"name": name, "kind_detail": "mcp tool", "sources": [self.cluster.source(read)]})
            yield EdgeFact("PROVIDES", server, tool, self.cluster.stated(read))

    def behind(self, read: Read, key: NodeKey, server: Server) -> Iterator[Fact]:
        """(server)-[:RUNS_ON]->(the pods that its controller makes, or those behind its service)"""
        cluster = self.cluster
        if server.pod is not None:
            runtime: NodeKey = ("Runtime", cluster.id(read))
            yield from cluster.runtime(read, server.pod, runtime, own_account=read.group == "kagent.dev" and read.kind == "MCPServer")
            yield EdgeFact("RUNS_ON", key, runtime, cluster.stated(read))
        elif (service := self.service(read, server)) is not None:
            for workload in cluster.selected(service[0], service[1]):
                yield EdgeFact("RUNS_ON", key, ("Runtime", cluster.runtime_id(workload)), cluster.stated(read))

    # ---- ark's tools --------------------------------------------------------------------------------------------------------

    def tool(self, read: Read, tool: Tool) -> Iterator[Fact]:
        if tool.server is not None:
            return  # a tool of a server: those who use it connect to that
        key: NodeKey = ("Tool", self.cluster.id(read))
        props: Props = {
            "kind_detail": "ark tool",
            "effects": list(tool.effects),
            "hints": list(tool.hints),
            "ingests_untrusted": tool.untrusted,
        }
        yield self.cluster.node(read, *key, **props)
        yield from self.cluster.given(key, read, tool.secrets)
        yield from moved(tool.facts, key)
        yield from self.cluster.owned(read, key)

    def uses(self, read: Read, key: NodeKey, use: Use, namespace: str) -> Iterator[Fact]:
        found = [one for one in self.cluster.near(read, "Tool", namespace, use.name) if isinstance(one.content, Tool)]
        for one in found:
            if isinstance(one.content, Tool) and one.content.server is not None:
                where, name = one.content.server
                named = Use("MCPServer", where or one.namespace, name, use.line, (one.content.tool,))
                yield from self.connects(read, key, named, named.namespace)
            else:
                yield EdgeFact("USES", key, ("Tool", self.cluster.id(one)), self.cluster.stated(read, use.line))
        if not found:
            yield from self.guessed(read, key, use, self.prefixed(read, namespace, use.name))

    def prefixed(self, read: Read, namespace: str, tool: str) -> Sequence[Read]:
        """The server that a tool's name begins with, as ark names the tools that it finds a server to have."""
        parts = tool.split("-")
        for length in range(len(parts) - 1, 0, -1):
            found = [
                one for one in self.cluster.near(read, "MCPServer", namespace, "-".join(parts[:length])) if isinstance(one.content, Server)
            ]
            if found:
                return found
        return ()

    def guessed(self, read: Read, key: NodeKey, use: Use, servers: Sequence[Read]) -> Iterator[Fact]:
        for one in servers:
            named = Use("MCPServer", one.namespace, one.name, use.line, (use.name.removeprefix(f"{one.name}-"),))
            for fact in self.connects(read, key, named, one.namespace):
                inferred = {"evidence": ["inferred"], "confidence": UNSURE}
                yield replace(fact, props={**fact.props, **inferred}) if isinstance(fact, EdgeFact) else fact
        if not servers:
            tool: NodeKey = ("Tool", object_id(self.cluster.root, use.namespace or read.namespace, "Tool", use.name))
            yield self.unknown(read, use, tool)
            yield EdgeFact("USES", key, tool, self.cluster.stated(read, use.line))


def _rest(parts: UrlParts) -> str:
    """What follows the host."""
    return f":{parts.port}{parts.path}" if parts.port else parts.path


def _without(props: Props, *names: str) -> Props:
    return {name: value for name, value in props.items() if name not in names}
