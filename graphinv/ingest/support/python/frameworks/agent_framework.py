"""Microsoft Agent Framework: ``Agent`` (earlier ``ChatAgent``), agents that a client makes, workflows and orchestrations.

Drawn:
    (:Agent)-[:DELEGATES_TO {kind_detail: agent_as_tool}]->(:Agent)
    (:Workflow)-[:DELEGATES_TO]->(:Agent), for who starts it or takes part
    (:Agent)-[:DELEGATES_TO {kind_detail: graph_edge | conditional_edge | handoff}]->(:Agent)
    (:Agent manager)-[:DELEGATES_TO {kind_detail: group_chat | magentic}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    READ,
    SEARCH,
    Effects,
    Names,
    agents_run,
    calls,
    hosted,
    is_none,
    limited,
    link,
    members,
    mesh,
    remote,
    runs_agents,
    team,
)
from graphinv.ingest.support.python.values import FunctionV, Made, Value
from graphinv.model.facts import Fact

NAME = "agent-framework"
IMPORTS = (
    "agent_framework",
    "agent_framework_a2a",
    "agent_framework_anthropic",
    "agent_framework_azure_ai",
    "agent_framework_claude",
    "agent_framework_foundry",
    "agent_framework_openai",
    "agent_framework_orchestrations",
)

_AGENTS = (
    "Agent",
    "ChatAgent",
    "RawAgent",
    "BaseAgent",
    "FoundryAgent",
    "AzureAIAgent",
    "A2AAgent",
    "ClaudeAgent",
    "GitHubCopilotAgent",
    "CopilotStudioAgent",
    "DurableAIAgent",
)
_MAKERS = ("as_agent", "create_agent")
_RUNS = ("run", "run_stream")
"""Methods of an agent that may give it tools for one run."""
_BUILDERS = {
    "WorkflowBuilder": "workflow",
    "SequentialBuilder": "sequential",
    "ConcurrentBuilder": "concurrent",
    "GroupChatBuilder": "group_chat",
    "MagenticBuilder": "magentic",
    "HandoffBuilder": "handoff",
}
_TOOLS: dict[str, Effects] = {
    "code_interpreter": EXECUTE,
    "web_search": SEARCH,
    "file_search": READ,
    "image_generation": (("egress",), False),
    "shell": EXECUTE,
    "mcp": (("read", "write", "egress"), None),
    "bing_custom_search": SEARCH,
    "bing_grounding": SEARCH,
    "azure_ai_search": READ,
    "browser_automation": (("read", "write", "egress"), True),
    "computer_use": (("read", "write", "execute"), True),
    "sharepoint": READ,
    "fabric_data_agent": READ,
    "openapi": (("read", "write", "egress"), None),
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "HostedCodeInterpreterTool": "code_interpreter",
        "HostedWebSearchTool": "web_search",
        "HostedFileSearchTool": "file_search",
        "HostedImageGenerationTool": "image_generation",
        "LocalShellTool": "shell",
        **{f"get_{name}_tool": name for name in _TOOLS if name != "mcp"},
    },
)


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in _AGENTS:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=_name(made), framework=NAME, detail=f"{NAME} {one}")
    for one in _MAKERS:
        for made in program.made(IMPORTS, one):
            if program.actor(made) is None and _builder(made) is None:
                program.declare(made, name=_name(made), framework=NAME, detail=NAME)
    for one, sort in _BUILDERS.items():
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, kind="Workflow", detail=f"{NAME} {one}", type=sort)


def _name(made: Made) -> Value | None:
    return next((value for key in ("name", "agent_name", "id") if not is_none(value := made.arg(key))), None)


def _builder(made: Made) -> Made | None:
    root = made.root()
    return root if isinstance(root, Made) and root.symbol in _BUILDERS else None


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    names = Names(program, NAME)
    for actor in program.actors(NAME):
        made = actor.made
        if made.symbol == "WorkflowBuilder":
            yield from _graph(program, actor)
        elif actor.key[0] == "Workflow":
            yield from _orchestration(program, actor, names)
        else:
            yield from _agent(program, actor)
    # Last: to know all calls of methods takes much of what may be followed
    for actor in program.actors(NAME):
        if actor.key[0] == "Agent":
            for call in calls(program, actor.made, *_RUNS):
                yield from _tools(program, actor, call.passed("tools"))


def _agent(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    client = (
        made.receiver
        if made.symbol in _MAKERS
        else next((v for key in ("client", "chat_client") if (v := made.arg(key)) is not None), None)
    )
    if client is None and made.symbol in ("Agent", "ChatAgent", "RawAgent"):
        client = made.arg("client", 0)
    yield from program.uses_model(actor, client)
    yield from _tools(program, actor, made.arg("tools"))
    if made.symbol == "A2AAgent":
        address = made.arg("url")
        yield from remote(program, actor, address.text() if address is not None else None, made, actor.name)


def _tools(program: Program, actor: Actor, tools: Value | None) -> Iterator[Fact]:
    for item in program.items(tools):
        if isinstance(item, Made) and item.symbol in HOSTED and item.within(*IMPORTS):
            tool = HOSTED[item.symbol]
            yield from program.uses_tools(actor, item, hosted={item.symbol: tool}, packages=IMPORTS)
        else:
            allowed = item.arg("allowed_tools") if isinstance(item, Made) else None
            yield from limited(program.uses_tools(actor, item, hosted=HOSTED, packages=IMPORTS), program.items(allowed))
    yield from runs_agents(program, actor, tools)


# --------------------------------------------------------------------------------------------------------------------------------
# Workflows


class _Nodes:
    """What the ends of a graph's edges mean: agents, executors that wrap or run one, and names registered for either."""

    def __init__(self, program: Program, workflow: Actor) -> None:
        self.program = program
        self.named: dict[str, Value | None] = {}
        self._held: dict[object, list[Actor]] = {}
        for call in calls(program, workflow.value, "register_agent", "register_executor", "add_agent"):
            factory, name = call.passed("factory_func", 0), call.passed("name", 1)
            text = name.text() if name is not None else None
            if text is not None:
                self.named[text] = factory
            else:
                text = (value.text() if (value := call.passed("id")) is not None else None) or ""
                self.named[text] = call.passed("agent", 0)

    def actors(self, value: Value | None) -> list[Actor]:
        text = value.text() if value is not None else None
        value = self.named.get(text, value) if text is not None else value
        found: list[Actor] = []
        for item in self.program.items(value):
            actor = self.program.actor(item)
            if actor is None and isinstance(item, FunctionV):
                for call in self.program.calls_in(item):
                    one = self.program.actor(call)
                    found.extend([one] if one is not None else self._made_by(call))
            elif actor is None and isinstance(item, Made):
                actor = next((one for key in ("agent", "workflow") if (one := self.program.actor(item.arg(key, 0))) is not None), None)
                found.extend(self._made_by(item) if actor is None else ())
            if actor is not None:
                found.append(actor)
        return found

    def _made_by(self, step: Value) -> list[Actor]:
        """The agents that an executor of a class of the tree makes for itself."""
        if not isinstance(step, Made) or step.cls is None:
            return []
        if step.key not in self._held:
            made = (method for method in self.program.methods(step.cls, step) if method.name == "__init__")
            self._held[step.key] = [actor for method in made for actor, _ in agents_run(self.program, method)]
        return self._held[step.key]


def _graph(program: Program, workflow: Actor) -> Iterator[Fact]:
    nodes = _Nodes(program, workflow)
    starts = [
        workflow.made.arg("start_executor"),
        *(call.passed("executor", 0) for call in calls(program, workflow.value, "set_start_executor")),
    ]
    for start in starts:
        for actor in nodes.actors(start):
            yield link(program, workflow, actor, start or workflow.value, "invoke", "entry_point")
    reached = {actor.key for start in starts for actor in nodes.actors(start)}
    for sources, targets, at, conditional in _pairs(program, workflow):
        ones = [actor for source in sources for actor in nodes.actors(source)]
        others = [actor for target in targets for actor in nodes.actors(target)]
        for other in others:
            reached.add(other.key)
            for one in ones:
                if one.key != other.key:
                    yield link(program, one, other, at, "invoke", "conditional_edge" if conditional else "graph_edge")
            if not ones:  # a step that is no agent comes before it: the workflow itself runs it
                yield link(program, workflow, other, at, "invoke", "conditional_edge" if conditional else "graph_edge")
        for one in ones:
            if one.key not in reached:
                reached.add(one.key)
                yield link(program, workflow, one, at, "invoke", "graph_node")


Ends = tuple[list[Value | None], list[Value | None], Value, bool]


def _pairs(program: Program, workflow: Actor) -> Iterator[Ends]:
    for call in program.calls_on(workflow.value):
        if call.symbol == "add_edge":
            yield [call.passed("source", 0)], [call.passed("target", 1)], call, not is_none(call.passed("condition", 2))
        elif call.symbol in ("add_fan_out_edges", "add_multi_selection_edge_group"):
            yield [call.passed("source", 0)], list(program.items(call.passed("targets", 1))), call, call.symbol != "add_fan_out_edges"
        elif call.symbol == "add_fan_in_edges":
            yield list(program.items(call.passed("sources", 0))), [call.passed("target", 1)], call, False
        elif call.symbol == "add_switch_case_edge_group":
            cases = [
                case.arg("target", 0 if case.symbol == "Default" else 1)
                for case in program.items(call.passed("cases", 1))
                if isinstance(case, Made)
            ]
            yield [call.passed("source", 0)], list(cases), call, True
        elif call.symbol == "add_chain":
            for one, other in pairwise(program.items(call.passed("executors", 0))):
                yield [one], [other], call, False


def _orchestration(program: Program, workflow: Actor, names: Names) -> Iterator[Fact]:
    made = workflow.made
    sort = _BUILDERS[made.symbol]
    lists = [made.arg("participants"), *(call.passed("participants", 0) for call in calls(program, made, "participants"))]
    for call in calls(program, made, "participants"):
        lists.extend(
            value for key, value in ((key, call.passed(str(key))) for key, _ in call.call.kwargs) if key not in ("participants", None)
        )
    nodes = _Nodes(program, workflow)
    found = list({actor.key: actor for value in lists for actor in nodes.actors(value)}.values())
    managers = _managers(program, made)
    for manager in managers:
        yield link(program, workflow, manager, made, "invoke", "manager")
    if sort == "handoff":
        starts = [call.passed("agent", 0) for call in calls(program, made, "with_start_agent", "set_coordinator")]
        start = next((actor for value in starts if (actor := names.find(value, found)) is not None), found[0] if found else None)
        if start is not None:
            yield link(program, workflow, start, made, "invoke", "entry_point")
        yield from _handoffs(program, made, found, names)
        return
    bare = {actor.key for value in lists for actor in members(program, value)[0]}
    for manager in managers or [workflow]:
        for value in lists:
            yield from team(program, manager, value, sort, what="participants")
        for held in found:
            if held.key not in {*bare, manager.key}:  # in a step that holds it
                yield link(program, manager, held, made, "invoke", sort)


def _managers(program: Program, made: Made) -> list[Actor]:
    """Agents that decide who is next."""
    values = [made.arg(key) for key in ("manager_agent", "orchestrator_agent", "manager", "orchestrator")]
    for call in calls(
        program, made, "with_standard_manager", "with_manager", "with_orchestrator", "set_manager", "with_agent_orchestrator"
    ):
        values.extend(call.passed(key, 0 if key == "agent" else None) for key in ("agent", "manager", "orchestrator", "manager_agent"))
    found: dict[tuple[str, str], Actor] = {}
    for value in values:
        for item in program.items(value):
            actor = program.actor(item)
            if actor is None and isinstance(item, Made):
                actor = program.actor(item.arg("agent", 0))
            if actor is not None:
                found[actor.key] = actor
    return list(found.values())


def _handoffs(program: Program, made: Made, found: list[Actor], names: Names) -> Iterator[Fact]:
    """Handoffs as they are added; where none is, everybody may hand off to everybody."""
    added = calls(program, made, "add_handoff")
    if not added:
        yield from mesh(program, found, "handoff", "handoff")
    for call in added:
        source = names.find(call.passed("source", 0), found)
        for item in program.items(call.passed("targets", 1)):
            target = names.find(item, found)
            if source is None or target is None:
                yield from program.problem(call, "an agent of this handoff is known only at run time")
            elif source.key != target.key:
                yield link(program, source, target, call, "handoff", "handoff")
