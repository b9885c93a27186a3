"""Who did what, from the spans around each span: nearest agent above, also in another service.

    agent below agent                     (:Agent)-[:DELEGATES_TO {transient, where the trace shows it made}]->(:Agent)
    tool below agent                      (:Agent)-[:USES]->(:Tool)
    request to an MCP server below agent  (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer)-[:PROVIDES]->(:Tool)
    model, memory, data source            USES_MODEL, READS, WRITES, INGESTS
    query below a tool                    (:Tool)-[:CAN_ACCESS]->(:Resource)

A call that failed is no evidence that it can be made, so it counts for nothing; what went well below one counts. A tool that does nothing
but run an agent is that delegation. What is done where no agent is named is done by the service's own agent, if tools are called there at
all: what only asks a model is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.called import GRAPH_ID, plain, traced, traced_props
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.observed import MAX_THINGS, Deciding, Tally
from graphinv.ingest.support.otel.meaning import ACTING, CONTAINERS, UNNAMED, Deed
from graphinv.ingest.support.otel.origins import Origin
from graphinv.ingest.support.otel.shapes import Span
from graphinv.model.errors import IngestError
from graphinv.model.facts import NodeFact, NodeKey, Props

MAX_SPANS = 1_000_000
"""Spans of one document: each is held, in a few words, until the last one is read, since a span may come before the one it lies in."""
_BY_NAME, _BY_SERVICE = 0.6, 0.7
"""How sure it is who an agent is by its name alone, and by its service alone."""
_MAKING = frozenset({"agent", "workflow", "tool", "handoff", "mcp", "served"})
"""Deeds that make an agent of whoever does them, or are its own."""
_INVOKED: Deciding = (("mode", "invoke"),)
_HANDED: Deciding = (("mode", "handoff"),)
_STARTED: Deciding = (*_INVOKED, ("transient", True))
_DECIDED = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO"})
MAX_DEPTH = 64
"""Of things that lie in one another, how many are looked at above one."""
MAX_SAME = 100
"""Agents of one service that are called the same."""
_Key = int


@dataclass(frozen=True, slots=True)
class _Done:
    """A deed where and when it was done."""

    deed: Deed
    origin: Origin
    at: str | None
    line: int
    failed: bool


@dataclass
class Summary:
    """What a document shows. ``tools`` are those that were called over each connection, ``sure`` how sure it is who somebody is, where it
    is not quite."""

    digest: bytes = b""
    """Of the document: one that is there twice, packed and unpacked, counts once."""
    tally: Tally = field(default_factory=Tally)
    tools: dict[tuple[NodeKey, NodeKey], set[str]] = field(default_factory=dict)
    sure: dict[NodeKey, float] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)
    failed: int = 0
    nobodys: int = 0
    """Deeds of which neither service nor agent is told."""


class Nesting:
    """The spans of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.summary = Summary()
        self._parents: dict[_Key, _Key] = {}
        self._done: dict[_Key, _Done] = {}
        self._deeds: dict[Deed, Deed] = {}
        self._above: dict[_Key, _Key | None] = {}
        self._actors: dict[_Key, NodeKey | None] = {}
        self._known: dict[NodeKey, tuple[str, _Done]] = {}
        """Whoever may act, by name, and where it was first seen."""
        self._acting: set[NodeKey] = set()
        self._same: dict[_Key, _Key] = {}
        """Call of an agent → the agent's own span of it, which may be a call as well."""
        self._owns: dict[_Key, _Key] = {}
        """The last of them, once it was asked for."""
        self._wrapping: set[_Key] = set()
        """Tools that only pass a call on, which is told by itself."""
        self._servers: dict[_Key, Origin] = {}
        """Request to an MCP server → the service that answered it."""
        self._ran: set[_Key] = set()
        """Runs of agents that failed, and in which something went well."""
        self._named: dict[tuple[str, str], set[NodeKey]] = defaultdict(set)
        """Service and environment → the agents in it that have names."""
        self._called: dict[tuple[str, str, str], list[NodeKey]] = defaultdict(list)
        """Service, environment and name, as :func:`plain` has it → the first agents there that are called so."""
        self._created: set[tuple[str, str, str]] = set()
        """Service, environment and name of the agents that were made on the way."""

    def add(self, span: Span, deed: Deed | None) -> None:
        """O(1).

        Raises:
            IngestError: these are too many.
        """
        if len(self._parents) >= MAX_SPANS:
            raise IngestError(
                f"holds more than {MAX_SPANS:,} spans", document=self.document.path, remedy="split it into files of whole traces"
            )
        key = hash((span.trace, span.id)) if span.id else -len(self._parents) - 2
        if key in self._parents:
            known = self._done.get(key)
            if span.failed and known is not None:
                self._done[key] = replace(known, failed=True)
            return  # the same span told twice, as it begins and as it ends
        self._parents[key] = hash((span.trace, span.parent)) if span.parent else 0
        if deed is not None:
            shared = self._deeds.setdefault(deed, deed)
            self._done[key] = _Done(shared, span.origin, span.at, span.line, span.failed)

    # ---- who is who ---------------------------------------------------------------------------------------------------------

    def _container(self, key: _Key) -> _Key | None:
        """The nearest thing above ``key`` that others are done below. O(1), taken over all spans."""
        passed: list[_Key] = []
        found: _Key | None = None
        at = key
        while at not in self._above:
            self._above[at] = None  # what leads back to itself leads nowhere
            passed.append(at)
            parent = self._parents.get(at, 0)
            if parent not in self._parents:
                break
            done = self._done.get(parent)
            if done is not None and done.deed.what in CONTAINERS:
                found = parent
                break
            at = parent
        else:
            found = self._above[at]
        for one in passed:
            self._above[one] = found
        return found

    def _climb(self, key: _Key) -> Iterator[tuple[_Key, _Done]]:
        """Such things above ``key``, the nearest first."""
        at = self._container(key)
        for _ in range(MAX_DEPTH):
            if at is None:
                return
            yield at, self._done[at]
            at = self._container(at)

    def _caller(self, key: _Key) -> _Key | None:
        """The nearest agent or flow above ``key``; where it is not named, the one around it, as far as that is in its service."""
        found: _Key | None = None
        for at, above in self._climb(key):
            if above.deed.what in ACTING:
                if found is not None and above.origin.service != self._done[found].origin.service:
                    break
                found = at
                if above.deed.name or above.deed.own.agent:
                    break
        return found

    def _own(self, key: _Key) -> _Key:
        """Of the call of an agent the agent's own span. O(1), taken over all spans."""
        passed: list[_Key] = []
        at = key
        while at not in self._owns:
            self._owns[at] = at  # what leads back to itself is its own
            passed.append(at)
            at = self._same.get(at, at)
        found = self._owns[at]
        for one in passed:
            self._owns[one] = found
        return found

    def _actor(self, key: _Key) -> NodeKey | None:
        """Who did what the span ``key`` shows; of an agent's span that agent."""
        if key not in self._actors:
            self._actors[key] = self._who(self._own(key))
        return self._actors[key]

    def _who(self, key: _Key) -> NodeKey | None:
        done = self._done[key]
        deed, origin = done.deed, done.origin
        if deed.own.agent:
            named = traced(self.document.root, "Agent", f"@{arns.canonical(deed.own.agent)}", "")  # no name: that is another one's
            self._known.setdefault(named, (deed.own.agent, done))
            return named
        name = deed.name if deed.what in ACTING else deed.agent
        if name:
            return self._actor_named("Workflow" if deed.what == "workflow" else "Agent", name, done)
        caller = self._caller(key)
        if caller is not None and (deed.what not in ACTING or self._done[caller].origin.service == origin.service):
            above = self._done[caller]
            if above.deed.name or above.deed.own.agent:
                # An agent's own span that does not name it is of the one that its call names.
                return self._actor(caller) if self._own(caller) != key else self._who(caller)
            done = above
        beside = self._named.get(_service(done.origin), ())
        if done.origin.agent:
            return self._actor_named("Agent", done.origin.agent, done)
        if len(beside) == 1:  # the only agent of its service
            return next(iter(beside))
        return self._actor_named("Agent", "", done) if done.origin.service else None

    def _actor_named(self, kind: str, name: str, done: _Done) -> NodeKey:
        origin = done.origin
        key = traced(self.document.root, kind, name, origin.service, origin.environment)
        self._known.setdefault(key, (name, done))
        return key

    def _acts(self, actor: NodeKey) -> None:
        """Put whoever was seen at work among the nodes."""
        if actor in self._known and actor not in self._acting:
            self._acting.add(actor)
            name, done = self._known[actor]
            told: Props = {"environment": done.origin.known_environment, "version": done.deed.version or None}
            if name and name == done.deed.own.agent:
                told["labels"] = [f"{GRAPH_ID}{arns.canonical(name)}"]
            elif not name or not done.origin.service:
                self.summary.sure[actor] = _BY_NAME if name else _BY_SERVICE
            self._know(actor, done, name or done.origin.service, **told)

    def _know(self, key: NodeKey, done: _Done, name: str, **props: object) -> None:
        if key not in self.summary.tally.nodes:
            told = traced_props(name, done.origin.service, done.origin.namespace)
            self.summary.tally.name(key, self._place(done), **{**told, **props})

    def _place(self, done: _Done) -> str:
        return self.document.source(done.line)

    # ---- what was done ------------------------------------------------------------------------------------------------------

    def finish(self) -> Summary:
        """All that was seen. O(spans · depth of agents in agents)."""
        for key, done in self._done.items():
            self._relate(key, done)
        for key, done in self._done.items():
            if done.deed.what == "created" and not done.failed:
                self._created.add((*_service(done.origin), plain(done.deed.name)))
            elif done.deed.what == "agent" and done.deed.name and key not in self._same:
                actor = self._actor(key)
                if actor is not None:
                    self._names(actor, done)
        used: list[tuple[_Key, _Done]] = []
        for key, done in self._done.items():
            if done.failed and key not in self._ran:
                self.summary.failed += 1
            elif done.deed.what in _MAKING:
                self._tell(key, done)
            elif done.deed.what != "created":
                used.append((key, done))
        for key, done in used:  # what is used says nothing of who is an agent, and comes after what does
            self._tell_of_use(key, done)
        return self.summary

    def _names(self, actor: NodeKey, done: _Done) -> None:
        """Note what an agent is called in its service."""
        service = _service(done.origin)
        if actor not in self._named[service]:
            self._named[service].add(actor)
            same = self._called[*service, plain(done.deed.name)]
            if len(same) < MAX_SAME:
                same.append(actor)

    def _relate(self, key: _Key, done: _Done) -> None:
        """What ``key`` is to the things above it."""
        nearest = True
        for at, above in self._climb(key):
            if above.failed and not done.failed and above.deed.what in ACTING:
                self._ran.add(at)
            if nearest:
                nearest = self._passes_on(key, done.deed.what, at, above)

    def _passes_on(self, key: _Key, what: str, at: _Key, above: _Done) -> bool:
        """Note where ``key`` is the other end of the call ``at``, or all that it was for; says whether to look on above it."""
        done = self._done[key]
        match what, above.deed.what:
            case (("agent" | "workflow"), "tool"):
                self._wrapping.add(at)
                return True
            case "mcp", "tool":
                if not done.deed.name or above.deed.name == done.deed.name:
                    self._wrapping.add(at)
            case "served", "mcp":
                self._servers.setdefault(at, done.origin)
            case "agent", "agent":
                other = above.origin.service != done.origin.service
                if plain(above.deed.name) == plain(done.deed.name) and (other or above.deed.remote):
                    self._same[at] = key
            case _, "agent" if done.deed.agent and above.origin.service != done.origin.service:
                if plain(above.deed.name) == plain(done.deed.agent):
                    self._same.setdefault(at, key)  # its own span is not in the trace, what it does is
        return False

    def _see(self, kind: str, source: NodeKey, target: NodeKey, done: _Done, deciding: Deciding = ()) -> None:
        self._acts(source)
        if source != target:
            self._acts(target)
            point = self._point(done) if kind in _DECIDED else ()
            self.summary.tally.see(kind, source, target, done.at, self._place(done), (*deciding, *point))

    def _use(self, kind: str, source: NodeKey, target: NodeKey, done: _Done, **props: object) -> None:
        if target not in self.summary.tally.nodes:
            self.summary.tally.name(target, self._place(done), **props)
        self._see(kind, source, target, done)

    def _traced(self, kind: str, name: str, done: _Done) -> NodeKey:
        """A thing of the service by its name; what AWS names by its ARN."""
        if arns.parse(name) is not None:
            return kind, arns.canonical(name)
        return traced(self.document.root, kind, name, done.origin.service, done.origin.environment)

    def _point(self, done: _Done) -> Deciding:
        """The point that decided. Where only a decision is told, somebody at least wrote it down."""
        name = done.deed.own.point
        if name == UNNAMED:
            key = self._traced("EnforcementPoint", "decisions", done)
            self._know(key, done, "decisions", mode="monitor")
            name = key[1]
        return (("guards", (name,)),) if name else ()

    def _tell(self, key: _Key, done: _Done) -> None:
        if done.deed.what == "served":
            self._serve(key, done)
            return
        actor = self._actor(key)
        if actor is None:
            self.summary.nobodys += 1
            return
        match done.deed.what:
            case "tool" if key not in self._wrapping:
                self._see("USES", actor, self._tool(done.deed.name, done), done)
            case "mcp":
                self._connect(key, actor, done)
            case "handoff":
                for other in self._beside(done.deed.name, done):  # others are nested, or not known
                    self._see("DELEGATES_TO", actor, other, done, _HANDED)
            case "agent" | "workflow" if self._done[self._own(key)].deed.what not in ACTING or key not in self._same:
                self._delegate(key, actor, done)
        self._surroundings(key, actor, done)

    def _tool(self, name: str, done: _Done) -> NodeKey:
        key = self._traced("Tool", name, done)
        self._know(key, done, name)
        return key

    def _connect(self, key: _Key, actor: NodeKey, done: _Done) -> None:
        """To an MCP server: by its address, by the service that answered, or by what the client calls it."""
        name = done.deed.name
        server = self._server(done.deed.server, self._servers.get(key), done)
        if server is not None:
            self._connected(actor, server, name, done)
        elif name:
            self._see("USES", actor, self._tool(name, done), done)

    def _connected(self, actor: NodeKey | None, server: NodeKey, name: str, done: _Done) -> None:
        if actor is not None:
            self._see("CONNECTS_TO", actor, server, done)
            if (actor, server) in self.summary.tools or len(self.summary.tools) < MAX_THINGS:
                tools = self.summary.tools.setdefault((actor, server), set())
                if name and len(tools) < MAX_THINGS:
                    tools.add(name)
        if name:
            tool: NodeKey = ("Tool", f"{server[1]}/{name}")
            self._know(tool, done, name)
            self.summary.tally.see("PROVIDES", server, tool, done.at, self._place(done))

    def _server(self, told: str, answered: Origin | None, done: _Done) -> NodeKey | None:
        if "://" in told:
            key: NodeKey = ("ToolServer", told)
            self._know(key, done, told.partition("://")[2].partition("/")[0], protocol="mcp", url=told)
            return key
        if answered is not None and answered.service:
            told, done = answered.service, replace(done, origin=answered)
        if not told:
            return None
        name = told.removeprefix("//")
        key = self._traced("ToolServer", "" if name == done.origin.service else name, done)
        self._know(key, done, name, protocol="mcp")
        return key

    def _serve(self, key: _Key, done: _Done) -> None:
        """A request that only the server tells."""
        above = {other.deed.what for _, other in self._climb(key)}
        server = self._server("", done.origin, done)
        if server is not None and "mcp" not in above:
            caller = self._caller(key)
            self._connected(self._actor(caller) if caller is not None else None, server, done.deed.name, done)

    def _beside(self, name: str, done: _Done) -> Iterator[NodeKey]:
        """Agents called ``name`` that the trace shows in the same service."""
        yield from sorted(self._called.get((*_service(done.origin), plain(name)), ())) if name else ()

    def _delegate(self, key: _Key, actor: NodeKey, done: _Done) -> None:
        self._acts(actor)
        callers = (at for at, above in self._climb(key) if above.deed.what in ACTING and self._own(at) != key)
        caller = next(callers, None)
        source = self._actor(caller) if caller is not None else None
        if source is not None:
            created = (*_service(done.origin), plain(done.deed.name)) in self._created
            self._see("DELEGATES_TO", source, actor, done, _STARTED if created else _INVOKED)
        for giver in self._beside(done.deed.giver, done):
            self._see("DELEGATES_TO", giver, actor, done, _HANDED)
        if done.deed.model:
            self._use("USES_MODEL", actor, ("Model", done.deed.model), done, name=done.deed.model)
        if done.deed.source:
            self._ingest(actor, done.deed.source, done)

    def _surroundings(self, key: _Key, actor: NodeKey, done: _Done) -> None:
        """What it ran on and as whom, where the span is one of its own service, and for which task."""
        origin, deed = done.origin, done.deed
        caller = None if deed.what in ACTING or deed.agent else self._caller(key)
        # Who passes a call on says so under the name of the agent that it is for
        elsewhere = deed.remote or key in self._same or (caller is not None and self._done[caller].origin.service != origin.service)
        if origin.runtime is not None and not elsewhere:
            runtime, kind = origin.runtime
            self._use("RUNS_ON", actor, runtime, done, name=runtime[1].rpartition("/")[2], type=kind)
        identity = None if elsewhere else ("Identity", arns.canonical(deed.own.identity)) if deed.own.identity else origin.identity
        if identity is not None:
            self._use("RUNS_AS", actor, identity, done, name=identity[1].rpartition("/")[2])
        if deed.own.task and actor[0] == "Agent":
            self._use("RUNS_TASK", actor, ("Task", deed.own.task), done, name=deed.own.task)

    def _tell_of_use(self, key: _Key, done: _Done) -> None:
        """A model, a store, a source, a database: what uses it is no agent for that alone."""
        deed = done.deed
        if deed.what == "database":
            self._query(key, done)
            return
        actor = self._actor(key)
        if actor is None:
            self.summary.nobodys += 1
            return
        if actor in self._known and actor not in self._acting and actor[0] == "Agent" and not (deed.agent or done.origin.agent):
            return
        match deed.what:
            case "caller":
                caller = self._caller(key)
                source = self._actor(caller) if caller is not None else None
                if source is not None and deed.name:
                    self._see("DELEGATES_TO", source, actor, done, _INVOKED)
            case "model":
                self._use("USES_MODEL", actor, ("Model", deed.name), done, name=deed.name)
            case "retrieval":
                self._ingest(actor, deed.name, done)
            case _:
                kind = "READS" if deed.what == "read" else "WRITES"
                self._use(kind, actor, self._traced("Memory", deed.name, done), done, **traced_props(deed.name, done.origin.service))
        self._surroundings(key, actor, done)

    def _ingest(self, actor: NodeKey, source: str, done: _Done) -> None:
        key = self._traced("ContentSource", source, done)
        self._use("INGESTS", actor, key, done, **traced_props(source, done.origin.service))

    def _query(self, key: _Key, done: _Done) -> None:
        """A query of a tool: what agents themselves ask is asked under an identity, which no trace tells."""
        nearest = next(iter(self._climb(key)), None)
        if nearest is None or not nearest[1].deed.name or nearest[0] in self._wrapping:
            return
        above = nearest[1]
        server = self._server("", above.origin, above) if above.deed.what == "served" else None
        tool: NodeKey | None = ("Tool", f"{server[1]}/{above.deed.name}") if server else None
        if above.deed.what == "tool":
            tool = self._tool(above.deed.name, above)
        found = (fact for fact in database_facts(self.document, done.line, done.deed.server) if isinstance(fact, NodeFact))
        for fact in found:
            if fact.kind == "Resource" and tool is not None:
                self.summary.tally.nodes.setdefault(fact.key, fact.props)
                self._see("CAN_ACCESS", tool, fact.key, done, (("actions", (done.deed.action,)),))


def _service(origin: Origin) -> tuple[str, str]:
    return origin.service, origin.environment
