"""Agents in Go: ADK, Eino, LangChainGo and Genkit.

Drawn:
    (:Agent)-[:DELEGATES_TO {kind_detail: sub_agents | agent_as_tool | specialist}]->(:Agent)
    (:Workflow)-[:DELEGATES_TO {kind_detail: plan_execute}]->(:Agent)
and what :mod:`.agent_tools` says of tools, servers and models.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphinv.ingest.support.compiled_agents import Actor, Actors, subject
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.agent_tools import ToolUse
from graphinv.ingest.support.golang.following import Following, Found, Scope
from graphinv.ingest.support.golang.program import Program
from graphinv.ingest.support.words import names
from graphinv.model.facts import Fact

_ADK, _EINO = "google.golang.org/adk", "github.com/cloudwego/eino"
_CHAIN, _GENKIT = "github.com/tmc/langchaingo", "github.com/firebase/genkit/go"


@dataclass(frozen=True)
class _Maker:
    """A call, or a literal, that makes an agent. ``name`` is what the library calls it where nothing else is said."""

    framework: str
    kind: str = "Agent"
    name: str = ""
    type: str = ""
    mode: str = "handoff"
    """How it runs the agents below it."""
    detail: str = "sub_agents"


_MAKERS = {
    f"{_ADK}/agent/llmagent.New": _Maker("google-adk"),
    f"{_ADK}/agent.New": _Maker("google-adk", mode="invoke"),
    f"{_ADK}/agent/remoteagent.NewA2A": _Maker("google-adk"),
    f"{_ADK}/agent/remoteagent.New": _Maker("google-adk"),
    **{f"{_ADK}/agent/workflowagents/{one}agent.New": _Maker("google-adk", mode="invoke") for one in ("sequential", "parallel", "loop")},
    f"{_ADK}/agent/workflowagent.New": _Maker("google-adk", mode="invoke"),
    f"{_ADK}/agent/workflowagents/workflowagent.New": _Maker("google-adk", mode="invoke"),
    f"{_EINO}/adk.NewChatModelAgent": _Maker("eino"),
    f"{_EINO}/adk.NewTypedChatModelAgent": _Maker("eino"),
    f"{_EINO}/adk/prebuilt/deep.NewTyped": _Maker("eino", mode="invoke"),
    **{f"{_EINO}/adk.New{one}Agent": _Maker("eino", mode="invoke") for one in ("Sequential", "Parallel", "Loop")},
    f"{_EINO}/adk/prebuilt/deep.New": _Maker("eino", mode="invoke"),
    **{f"{_EINO}/adk/prebuilt/planexecute.New{one}": _Maker("eino", name=one.lower()) for one in ("Planner", "Executor", "Replanner")},
    f"{_EINO}/adk/prebuilt/planexecute.New": _Maker("eino", "Workflow", type="plan_execute", mode="invoke", detail="plan_execute"),
    f"{_EINO}/flow/agent/react.NewAgent": _Maker("eino"),
    f"{_EINO}/flow/agent/multiagent/host.NewMultiAgent": _Maker("eino", detail="specialist"),
    f"{_EINO}/flow/agent/multiagent/host.Specialist": _Maker("eino"),
    **{f"{_CHAIN}/agents.New{one}Agent": _Maker("langchaingo") for one in ("OneShot", "Conversational", "OpenAIFunctions")},
    f"{_CHAIN}/agents.Initialize": _Maker("langchaingo"),
    f"{_GENKIT}/genkit.DefinePrompt": _Maker("genkit"),
    **{f"{_GENKIT}/genkit.{one}": _Maker("genkit") for one in ("Generate", "GenerateText", "GenerateData", "GenerateStream")},
}
_MEMBERS = names("SubAgents Planner Executor Replanner Specialists")
_THROUGH = {f"{_EINO}/adk.{one}": 1 for one in ("SetSubAgents", "AgentWithOptions")} | {f"{_CHAIN}/agents.NewExecutor": 0}
"""Calls that give an agent that they are given, and at which position."""
_NO_NAMES = names("a agent ag main app rootagent root executor err run llm resp response result res text out")
_VERSION = re.compile(r"/v\d+(?=[/.])")
MAX_STEPS = 12


class Agents:
    """The agents and workflows that the documents of a root make."""

    def __init__(self, program: Program, ingestor: str) -> None:
        self.program = program
        self.following = Following(program)
        self.actors = Actors(program.root, ingestor)
        self.use = ToolUse(program, self.following, self.actors, self.find)
        self._sites: dict[int, dict[int, Actor]] = {}
        """Agents by the expression that makes them, then by the call of the function that it stands in, or 0 where no one is meant."""
        self._made: list[tuple[Actor, ir.Call | ir.Obj, Scope]] = []
        for value, scope, variable in self.following.made:
            path = library_path(value)
            lists = isinstance(value, ir.Obj) and not any(name for name, _ in value.items)  # named after what they hold
            if path in _MAKERS and not lists and not self._in_library(scope):
                self._declare(_MAKERS[path], value, scope, variable)

    def _in_library(self, scope: Scope) -> bool:
        """Whether it stands in a package of a library itself, which makes agents for its callers; its examples are no part of it."""
        package = _VERSION.sub("", self.program.package_of(posixpath.dirname(scope.key.path)))
        own = (f"{_ADK}/", f"{_EINO}/", f"{_CHAIN}/agents", f"{_GENKIT}/genkit")
        return package.startswith(own) and not package.startswith(f"{_ADK}/examples")

    def _declare(self, maker: _Maker, value: ir.Call | ir.Obj, scope: Scope, variable: str) -> None:
        if maker.framework == "genkit" and not any(library_path(one) == f"{_GENKIT}/ai.WithTools" for one in _options(value)):
            return
        named = self._named_by(value, scope)
        function = self.program.function(scope.key) if not scope.key.variable else None
        calls = self.following.callers(scope) if function is not None and _is_param(named, function) else []
        for place in [Scope(scope.key, call) for call in calls] or [scope]:
            name = self.following.text(named, place) or maker.name or self._called(scope, variable)
            where = place.caller[1].key.path if place.caller else scope.key.path
            line = place.caller[0].line if place.caller else value.line
            last = (value.path if isinstance(value, ir.Call) else value.type).rpartition("/")[2]
            around = function.name if function is not None else ""
            actor = self.actors.declare(
                name, maker.framework, where, line, kind=maker.kind, detail=f"{maker.framework} {last}", type_=maker.type, around=around
            )
            self._sites.setdefault(id(value), {})[id(place.caller[0]) if place.caller else 0] = actor
            self._made.append((actor, value, place))

    def _named_by(self, value: ir.Call | ir.Obj, scope: Scope) -> ir.Expr | None:
        path = library_path(value)
        if path.startswith(f"{_GENKIT}/genkit.DefinePrompt") and isinstance(value, ir.Call):
            return value.args[1] if len(value.args) > 1 else None
        if path.startswith(f"{_GENKIT}/"):
            return self._flow(scope)
        for config in self.configs(value, scope):
            for key in ("Name", "GraphName"):
                if config.value.get(key) is not None:
                    return config.value.get(key)
            for inner in (config.value.get("AgentConfig"), config.value.get("AgentMeta")):
                if isinstance(inner, ir.Obj) and inner.get("Name") is not None:
                    return inner.get("Name")
        return None

    def _flow(self, scope: Scope) -> ir.Expr | None:
        """The name of the flow in whose function something stands."""
        inside = {id(one) for one in self.following.around(scope)}
        for value, place, _ in self.following.made:
            if isinstance(value, ir.Call) and library_path(value).startswith(f"{_GENKIT}/genkit.Define") and len(value.args) > 2:
                last = value.args[-1]
                functions = self.following.tools.functions_of(place.key, last)
                if any(id(self.program.function(one)) in inside for one in functions):
                    return value.args[1]
        return None

    def configs(self, value: ir.Call | ir.Obj, scope: Scope) -> Iterator[_Config]:
        """The literals that say how something is made."""
        given = [value] if isinstance(value, ir.Obj) else list(value.args)
        for one in given:
            for found in self.following.values(one, scope) if isinstance(one, ir.Name) else [Found(one, scope)]:
                if isinstance(found.value, ir.Obj) and found.value.type:
                    yield _Config(found.value, found.scope)

    def _called(self, scope: Scope, variable: str) -> str:
        """What something without a name of its own is called: its variable, its function, its folder or file."""
        function = next((one.name for one in self.following.around(scope) if one.name), "")
        stem = posixpath.basename(scope.key.path).removesuffix(".go")
        folder = posixpath.basename(posixpath.dirname(scope.key.path))
        words = [variable, subject(function), stem, folder]
        return next((one for one in words if one and one.lower() not in _NO_NAMES), stem)

    # ---- finding ------------------------------------------------------------------------------------------------------------

    def find(self, value: ir.Expr | None, scope: Scope) -> list[Actor]:
        """The agents that a value is, or is a list of."""
        found: dict[int, Actor] = {}
        seen: set[tuple[int, int]] = set()
        work = [Found(value, scope)] if value is not None else []
        for _ in range(2000):
            if not work:
                break
            one = work.pop(0)
            call = one.scope.caller[0] if one.scope.caller else None
            place = (id(one.value), id(call))
            if place in seen:
                continue
            seen.add(place)
            sites = self._sites.get(id(one.value), {})
            known = sites.get(id(call) if call is not None else 0) or sites.get(0) or list(sites.values() if call is None else ())
            if known:
                found.update((id(actor), actor) for actor in (known if isinstance(known, list) else [known]))
                continue
            work += self._behind(one)
        return list(found.values())

    def _behind(self, found: Found) -> list[Found]:
        value, scope = found
        if isinstance(value, ir.Call):
            path = library_path(value)
            position = _THROUGH.get(path)
            if position is not None:
                return [Found(value.args[position], scope)] if position < len(value.args) else []
            if path == f"{_EINO}/adk/prebuilt/supervisor.New":
                given = [(config.value.get("Supervisor"), config.scope) for config in self.configs(value, scope)]
                return [Found(one, place) for one, place in given if one is not None]
        inner = self.following.step(found)
        if inner is None and isinstance(value, ir.Obj):  # an agent in another's clothes
            inner = [Found(one, scope) for _, one in value.items]
        return inner or []

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[Fact]:
        """All of them, what they use, and whom they delegate to."""
        for actor, value, scope in self._made:
            maker = _MAKERS[library_path(value)]
            yield from self.use.of(actor, value, scope, list(self.configs(value, scope)))
            for config in self.configs(value, scope):
                inner = config.value.get("AgentConfig")
                for one in (config.value, *([inner] if isinstance(inner, ir.Obj) else [])):
                    for label, given in one.items:
                        if label in _MEMBERS:
                            yield from self._runs(actor, given, config.scope, maker.mode, maker.detail, value.line)
        yield from self._joined()
        yield from self.actors.nodes()

    def _runs(self, actor: Actor, given: ir.Expr, scope: Scope, mode: str, detail: str, line: int) -> Iterator[Fact]:
        members = self.find(given, scope)
        for member in members:
            yield from self.actors.delegates(actor, member, scope.key.path, line, detail, mode)
        if not members and not (isinstance(given, ir.Obj) and not given.items):
            yield self.actors.problem(scope.key.path, line, f"an agent below {actor.name!r} is not known")

    def _joined(self) -> Iterator[Fact]:
        """Agents that are given others after they were made: ``adk.SetSubAgents`` and ``supervisor.New``."""
        for value, scope, _ in self.following.made:
            path = library_path(value)
            if path == f"{_EINO}/adk.SetSubAgents" and isinstance(value, ir.Call) and len(value.args) > 2:
                for actor in self.find(value.args[1], scope):
                    yield from self._runs(actor, value.args[2], scope, "handoff", "sub_agents", value.line)
            elif path == f"{_EINO}/adk/prebuilt/supervisor.New" and isinstance(value, ir.Call):
                for config in self.configs(value, scope):
                    given = config.value.get("SubAgents")
                    if given is None:
                        continue
                    for actor in self.find(config.value.get("Supervisor"), config.scope):
                        yield from self._runs(actor, given, config.scope, "handoff", "sub_agents", value.line)


@dataclass(frozen=True)
class _Config:
    value: ir.Obj
    scope: Scope


def library_path(value: ir.Expr) -> str:
    """What is called or made, without the version of its library."""
    path = value.path if isinstance(value, ir.Call) else value.type if isinstance(value, ir.Obj) else ""
    return _VERSION.sub("", path) if "/v" in path else path


def _options(value: ir.Call | ir.Obj) -> tuple[ir.Expr, ...]:
    return value.args if isinstance(value, ir.Call) else ()


def _is_param(value: ir.Expr | None, function: ir.Function) -> bool:
    return isinstance(value, ir.Name) and value.local not in function.locals and any(name == value.local for name, _ in function.params)
