"""Agents in C#: Microsoft's Agent Framework, Semantic Kernel, and agents that Azure's service keeps.

Drawn:
    (:Agent)-[:DELEGATES_TO {kind_detail: agent_as_tool}]->(:Agent)
    (:Workflow)-[:DELEGATES_TO {kind_detail: sequential | concurrent | group_chat | magentic | entry_point | graph_node}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {kind_detail: handoff | graph_edge | conditional_edge}]->(:Agent)
and what :mod:`.agent_tools` says of tools, servers and models.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from graphinv.ingest.support.compiled_agents import Actor, Actors
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.agent_tools import Tools
from graphinv.ingest.support.csharp.expressions import MAKERS
from graphinv.ingest.support.csharp.following import Following, Found, Scope, argument, item
from graphinv.ingest.support.csharp.servers import Program
from graphinv.ingest.support.words import names
from graphinv.model.facts import Fact

_FRAMEWORK, _KERNEL = "agent-framework", "semantic-kernel"
_AGENTS = {
    "ChatClientAgent": _FRAMEWORK,
    "CopilotStudioAgent": _FRAMEWORK,
    "GitHubCopilotAgent": _FRAMEWORK,
    "A2AAgent": _FRAMEWORK,
    "ChatCompletionAgent": _KERNEL,
    "OpenAIAssistantAgent": _KERNEL,
    "OpenAIResponseAgent": _KERNEL,
    "AzureAIAgent": _KERNEL,
    "BedrockAgent": _KERNEL,
    "AggregatorAgent": _KERNEL,
}
_TEAMS = {
    "AgentGroupChat": "group_chat",
    "SequentialOrchestration": "sequential",
    "ConcurrentOrchestration": "concurrent",
    "GroupChatOrchestration": "group_chat",
    "MagenticOrchestration": "magentic",
    "HandoffOrchestration": "handoff",
}
"""Objects of Semantic Kernel that run several agents."""
_BUILDERS = {
    "BuildSequential": "sequential",
    "BuildConcurrent": "concurrent",
    "CreateGroupChatBuilderWith": "group_chat",
    "CreateHandoffBuilderWith": "handoff",
    "StartHandoffWith": "handoff",
}
"""Methods of ``AgentWorkflowBuilder``."""
_GRAPH = names("AddEdge AddFanOutEdge AddFanInEdge AddFanInBarrierEdge AddSwitch AddChain")
_CASES = names("AddCase WithDefault")
_OPTIONS = re.compile(r"\w*AgentOptions|PromptAgentDefinition|\w*AgentDefinition|")
MAX_CHAIN = 200


class Agents:
    """The agents and workflows that the documents of a root make."""

    def __init__(self, program: Program, ingestor: str) -> None:
        self.program = program
        self.following = Following(program)
        self.actors = Actors(program.root, ingestor)
        self.tools = Tools(program, self.following, self.actors)
        self.made: list[tuple[Actor, ir.Call | ir.New, Scope]] = []
        self.chains: dict[tuple[str, int], list[tuple[ir.Call, Scope]]] = {}
        """The calls that are made on something, one on the other, by the place where that is made."""
        self.cases: dict[str, list[tuple[ir.Call, Scope]]] = {}
        """What states a case of a switch, by document, in order."""
        for value, scope, _ in sorted(self.following.made, key=lambda one: one[0].at):
            if isinstance(value, ir.Call) and value.name in _CASES:
                self.cases.setdefault(scope.path, []).append((value, scope))
        self._declare()
        self._chain()

    # ---- declaring ----------------------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        registered = self._registered()
        for value, scope, variable in sorted(self.following.made, key=lambda one: (one[1].path, one[0].at)):  # inner ones first
            if isinstance(value, ir.New):
                self._object(value, scope, variable, registered)
            else:
                self._call(value, scope, variable, registered)

    def _registered(self) -> dict[tuple[str, int], str]:
        """Agents that are made in a function which is registered under a name: the name by where they are made."""
        found: dict[tuple[str, int], str] = {}
        for value, scope, _ in self.following.made:
            if not isinstance(value, ir.Call) or value.name not in ("AddAIAgent", "AddWorkflow", "AddKeyedSingleton") or not value.args:
                continue
            name = self.following.text(value.args[0][1], scope)
            if name is None:
                continue
            place = (self.program.project(scope.path), name)
            given = [one for _, one in value.args[1:] if isinstance(one, ir.Func)]
            self.following.registered[place].extend(Found(one, scope) for one in (given or (value,)))
            for function in given:
                for inner in (one.value for each in function.gives for one in self.following.values(each, scope)):
                    places = [one.at for one in _chained(inner)] or ([inner.at] if isinstance(inner, ir.New) else [])
                    found.update(dict.fromkeys(((scope.path, at) for at in places), name))
        return found

    def _object(self, value: ir.New, scope: Scope, variable: str, registered: dict[tuple[str, int], str]) -> None:
        if value.type in _AGENTS:
            name = self._name(self._named_by(value, scope), value, scope) or registered.get((scope.path, value.at))
            self._agent(name, _AGENTS[value.type], value, scope, variable, value.type)
        elif value.type in _TEAMS:
            self._workflow(item(value, "Name"), _KERNEL, value, scope, variable, value.type, _TEAMS[value.type])
        elif value.type == "WorkflowBuilder" and value.args:
            self._workflow(None, _FRAMEWORK, value, scope, variable, value.type, "workflow")

    def _call(self, value: ir.Call, scope: Scope, variable: str, registered: dict[tuple[str, int], str]) -> None:
        if value.name in _BUILDERS and value.path.rpartition(".")[0].endswith("AgentWorkflowBuilder"):
            first = argument(value, "workflowName", 0)
            named = first if first is not None and self.following.text(first, scope) is not None else None
            stated = registered.get((scope.path, value.at))
            self._workflow(named, _FRAMEWORK, value, scope, stated or variable, value.name, _BUILDERS[value.name])
        elif value.name == "AddAIAgent":
            if len(value.args) > 1 and not any(isinstance(one, ir.Func) for _, one in value.args):
                self._agent(self._name(argument(value, "name", 0), value, scope), _FRAMEWORK, value, scope, variable, value.name)
        elif value.name in MAKERS and not self._is_other(value, scope):
            name = self._name(self._stated(value, scope), value, scope) or registered.get((scope.path, value.at))
            self._agent(name, _FRAMEWORK, value, scope, variable, value.name)

    def _is_other(self, value: ir.Call, scope: Scope) -> bool:
        """Whether a call only looks as if it made an agent: a method of the tree, a workflow in an agent's clothes, one that is known."""
        if self.following.methods(value, scope) or value.base is None:
            return True
        if any(isinstance(one, (ir.Name, ir.Call)) and self.following.actors(one, scope) for _, one in value.args[:1]):
            return True
        if value.name in ("CreateAgent", "CreateAgentAsync"):
            return not self._creates(value, scope)
        return value.name in ("AsAIAgent", "CreateAIAgent") and self._of_workflow(value.base, scope)

    def _creates(self, value: ir.Call, scope: Scope) -> bool:
        """Whether a call of a name that many libraries have makes an agent: a service's own client says so, or options of an agent do."""
        base = value.base.path if isinstance(value.base, ir.Name) else ""
        if base.rpartition(".")[2].lower().endswith("administration") or "AdministrationClient." in value.path:
            return True
        options = [one.value for _, given in value.args for one in self.following.values(given, scope) if isinstance(one.value, ir.New)]
        return any(one.type and _OPTIONS.fullmatch(one.type) for one in options)

    def _of_workflow(self, base: ir.Expr, scope: Scope) -> bool:
        return any(actor.key[0] == "Workflow" for actor in self.following.actors(base, scope))

    def _stated(self, value: ir.Call, scope: Scope) -> ir.Expr | None:
        """The name among the arguments of a call that makes an agent."""
        position = 1
        if value.name.startswith("CreateAgentVersion"):
            return argument(value, "agentName", 0)
        if value.path.startswith(("AIProjectClient.", "AgentClient.")):
            position = 0
        elif value.name == "AsAIAgent" and any(
            one.name in ("GetResponsesClient", "GetOpenAIResponseClient") for one in self._made_on(value, scope)
        ):
            position = 2
        named = argument(value, "name", position)
        return named if named is not None and not isinstance(named, (ir.Many, ir.New)) else None

    def _made_on(self, value: ir.Call, scope: Scope) -> Iterator[ir.Call]:
        """The calls that a call is made on."""
        base = value.base
        for _ in range(MAX_CHAIN):
            found = self.following.values(base, scope) if base is not None else []
            if len(found) != 1 or not isinstance(found[0].value, ir.Call):
                return
            yield found[0].value
            base, scope = found[0].value.base, found[0].scope

    def _name(self, stated: ir.Expr | None, value: ir.Call | ir.New, scope: Scope) -> str | None:
        """The name that is stated, by itself or in the options."""
        text = self.following.text(stated, scope)
        if text:
            return text
        for _, given in value.args:
            for one in self.following.values(given, scope):
                if isinstance(one.value, ir.New) and _OPTIONS.fullmatch(one.value.type):
                    text = self.following.text(item(one.value, "Name") or argument(one.value, "name"), one.scope)
                    if text:
                        return text
        return None

    def _agent(self, name: str | None, framework: str, value: ir.Call | ir.New, scope: Scope, variable: str, detail: str) -> None:
        self._state(name, framework, value, scope, variable, detail, "Agent", "")

    def _workflow(
        self, name: ir.Expr | None, framework: str, value: ir.Call | ir.New, scope: Scope, variable: str, detail: str, sort: str
    ) -> None:
        text = self.following.text(name, scope) if name is not None else None
        self._state(text, framework, value, scope, variable, detail, "Workflow", sort)

    def _state(
        self, name: str | None, framework: str, value: ir.Call | ir.New, scope: Scope, variable: str, detail: str, kind: str, sort: str
    ) -> None:
        calls = self.following.callers(scope) if self._is_factory(value, scope) else []
        for at, where, place in [(call, caller.path, scope._replace(caller=(call, caller))) for call, caller in calls] or [
            (value, scope.path, scope)
        ]:
            stated = self._name(self._named_by(value, place), value, place) if calls else name
            called = stated or name or self.following.called(place.caller[1] if place.caller else scope, variable)
            around = scope.method.name or scope.type.name
            actor = self.actors.declare(
                called, framework, where, at.line, kind=kind, detail=f"{framework} {detail}", type_=sort, around=around
            )
            self.following.sites[where, at.at] = actor
            self.made.append((actor, value, place))

    def _named_by(self, value: ir.Call | ir.New, scope: Scope) -> ir.Expr | None:
        if isinstance(value, ir.Call):
            return self._stated(value, scope)
        return (argument(value, "name", 2) if value.type == "ChatClientAgent" else argument(value, "name")) or item(value, "Name")

    def _is_factory(self, value: ir.Call | ir.New, scope: Scope) -> bool:
        """Whether the method in which an agent is made is told the agent's name."""
        given = [self._named_by(value, scope)]
        for _, one in value.args:
            given += [item(each.value, "Name") for each in self.following.values(one, scope)]
        params = {one.name for one in scope.method.params}
        return any(isinstance(one, ir.Name) and one.path in params for one in given)

    def _chain(self) -> None:
        """Which calls are made on each of them: in one expression, or on the variable that it is kept in."""
        for value, scope, _ in self.following.made:
            if not isinstance(value, ir.Call) or value.base is None:
                continue
            base: ir.Expr | None = value.base
            for _ in range(MAX_CHAIN):
                at = getattr(base, "at", None)
                if at is not None and (scope.path, at) in self.following.sites:
                    self.chains.setdefault((scope.path, at), []).append((value, scope))
                    break
                if isinstance(base, ir.Call):
                    base = base.base
                elif isinstance(base, ir.Name):
                    for found in self.following.values(base, scope):
                        for place in self._sites_in(found):
                            self.chains.setdefault(place, []).append((value, scope))
                    break
                else:
                    break

    def _sites_in(self, found: Found) -> Iterator[tuple[str, int]]:
        base: ir.Expr | None = found.value
        for _ in range(MAX_CHAIN):
            at = getattr(base, "at", None)
            if at is not None and (found.scope.path, at) in self.following.sites:
                yield found.scope.path, at
                return
            base = base.base if isinstance(base, ir.Call) else None

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[Fact]:
        """All of them, what they use, and whom they delegate to."""
        for actor, value, scope in self.made:
            calls = self.chains.get((scope.path, value.at), [])
            if actor.key[0] == "Agent":
                yield from self.tools.of(actor, value, scope, calls)
                if isinstance(value, ir.New) and value.type == "AggregatorAgent":
                    for inner in (one for _, given in value.args for one in self.following.actors(given, scope)):
                        yield from self.actors.delegates(actor, inner, scope.path, value.line, "group_chat")
            elif actor.type == "workflow":
                yield from self._graph(actor, value, scope, calls)
            else:
                yield from self._team(actor, value, scope, calls)
        yield from self.actors.nodes()

    def _team(self, workflow: Actor, value: ir.Call | ir.New, scope: Scope, calls: list[tuple[ir.Call, Scope]]) -> Iterator[Fact]:
        given: list[tuple[ir.Expr, Scope]] = [(one, scope) for _, one in value.args]
        if isinstance(value, ir.New):
            given += [(one, scope) for label, one in value.items if label not in ("ExecutionSettings", "LoggerFactory")]
        given += [(one, place) for call, place in calls if call.name in ("AddParticipants", "AddAgent") for _, one in call.args]
        members = list(dict.fromkeys(actor for one, place in given for actor in self.following.actors(one, place)))
        if workflow.type == "handoff":
            yield from self._handoffs(workflow, value, scope, calls, members)
            return
        for member in members:
            yield from self.actors.delegates(workflow, member, scope.path, value.line, workflow.type)
        if not members:
            yield self.actors.problem(scope.path, value.line, f"the participants of {workflow.name!r} are not known")

    def _handoffs(
        self, workflow: Actor, value: ir.Call | ir.New, scope: Scope, calls: list[tuple[ir.Call, Scope]], members: list[Actor]
    ) -> Iterator[Fact]:
        pairs = list(calls)
        for _, given in value.args:
            for one in self.following.values(given, scope):
                pairs += [(call, one.scope) for call in _chained(one.value)]
        starts = [actor for call, place in pairs if call.name == "StartWith" for actor in self._of(call, place, 0)]
        for start in (starts or members)[:1]:
            yield from self.actors.delegates(workflow, start, scope.path, value.line, "entry_point")
        for call, place in pairs:
            if call.name not in ("WithHandoff", "WithHandoffs", "Add"):
                continue
            sources, targets = self._of(call, place, 0), [one for index in range(1, len(call.args)) for one in self._of(call, place, index)]
            if not sources or not targets:
                yield self.actors.problem(place.path, call.line, "an agent of this handoff is known only at run time")
            for source in sources:
                for target in targets:
                    yield from self.actors.delegates(source, target, place.path, call.line, "handoff", "handoff")

    def _of(self, call: ir.Call, scope: Scope, position: int) -> list[Actor]:
        return self.following.actors(call.args[position][1], scope) if position < len(call.args) else []

    def _graph(self, workflow: Actor, value: ir.Call | ir.New, scope: Scope, calls: list[tuple[ir.Call, Scope]]) -> Iterator[Fact]:
        reached: set[int] = set()
        for start in self.following.actors(value.args[0][1], scope):
            reached.add(id(start))
            yield from self.actors.delegates(workflow, start, scope.path, value.line, "entry_point")
        for call, place in sorted(calls, key=lambda one: one[0].at):
            if call.name not in _GRAPH:
                continue
            given = [one for label, one in call.args if label not in ("condition", "partitioner", "label", "idempotent")]
            ends = [self.following.actors(one, place) for one in (given[:1] if call.name == "AddSwitch" else given)]
            if call.name == "AddSwitch":
                ends.append([actor for case in self._cases(call, place) for actor in case])
            chosen = call.name == "AddSwitch" or argument(call, "condition", 2) is not None
            detail = "conditional_edge" if chosen else "graph_edge"
            for sources, targets in _pairs(call, ends):
                for target in targets:
                    reached.add(id(target))
                    for source in sources or [workflow]:
                        yield from self.actors.delegates(source, target, place.path, call.line, detail)
                for source in sources:
                    if id(source) not in reached:
                        reached.add(id(source))
                        yield from self.actors.delegates(workflow, source, place.path, call.line, "graph_node")

    def _cases(self, switch: ir.Call, scope: Scope) -> Iterator[list[Actor]]:
        """Where the cases lead that the function which a switch is given states: they stand within the call."""
        start = max((getattr(one, "at", 0) for _, one in switch.args), default=0)
        cases = self.cases.get(scope.path, [])
        first, last = (bisect_left(cases, at, key=lambda one: one[0].at) for at in (start, switch.at))
        for call, place in cases[first:last]:
            yield [actor for _, one in call.args for actor in self.following.actors(one, place)]


def _pairs(call: ir.Call, ends: list[list[Actor]]) -> Iterator[tuple[list[Actor], list[Actor]]]:
    if call.name == "AddChain":
        yield from pairwise([[one] for end in ends for one in end])
    elif call.name.startswith("AddFanIn") and len(ends) > 1:
        yield [one for end in ends[:-1] for one in end], ends[-1]
    elif len(ends) > 1:
        yield ends[0], [one for end in ends[1:] for one in end]


def _chained(value: ir.Expr | None) -> Iterator[ir.Call]:
    """A call and those that it is made on, the last first."""
    for _ in range(MAX_CHAIN):
        if not isinstance(value, ir.Call):
            return
        yield value
        value = value.base
