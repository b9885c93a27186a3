"""OpenAI Agents SDK (``agents``): agents, hand-offs in all their forms, agents as tools, hosted tools, MCP servers, guardrails."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.values import Const, FunctionV, Made, Value
from graphinv.model.facts import Fact

NAME = "openai-agents"
IMPORTS = ("agents",)
CLASSES = ("Agent", "SandboxAgent", "RealtimeAgent", "VoiceAgent")
_RUNS = frozenset({"run", "run_sync", "run_streamed"})

HOSTED = {
    "WebSearchTool": Hosted("openai:web_search", "web_search", ("read", "egress"), True),
    "FileSearchTool": Hosted("openai:file_search", "file_search", ("read",)),
    "CodeInterpreterTool": Hosted("openai:code_interpreter", "code_interpreter", ("execute",)),
    "ComputerTool": Hosted("openai:computer_use", "computer_use", ("read", "write", "execute", "egress"), True),
    "ImageGenerationTool": Hosted("openai:image_generation", "image_generation", ("write",)),
    "LocalShellTool": Hosted("openai:local_shell", "local_shell", ("execute", "read", "write", "destructive")),
    "ShellTool": Hosted("openai:shell", "shell", ("execute", "read", "write", "destructive")),
    "ApplyPatchTool": Hosted("openai:apply_patch", "apply_patch", ("read", "write", "destructive")),
    "ToolSearchTool": Hosted("openai:tool_search", "tool_search", ("read",)),
}
_CAPABILITIES = {
    "Filesystem": Hosted("openai-agents:sandbox_filesystem", "sandbox_filesystem", ("read", "write")),
    "Shell": Hosted("openai-agents:sandbox_shell", "sandbox_shell", ("execute", "read", "write")),
}
"""What an agent is given in its sandbox, by class of the capability."""


def declare(program: Program) -> None:
    """Every agent, and what ``clone`` makes of one under another name."""
    for made in program.made(IMPORTS, *CLASSES):
        program.declare(made, name=made.passed("name", 0), framework=NAME)
    for made in program.made(IMPORTS, "clone"):
        original = program.actor(made.receiver)
        if made.passed("name") is not None:
            program.declare(made, name=made.passed("name"), framework=NAME)
        elif original is not None:
            program.alias(made, original)


def facts(program: Program) -> Iterator[Fact]:
    """Tools, hand-offs, servers, models and guardrails of all agents, and agents that functions run."""
    for actor in program.actors(NAME):
        yield from _agent(program, actor, actor.made)
    for made in program.made(IMPORTS, "clone"):
        same = program.actor(made)
        if same is not None and same.made is not made:
            yield from _agent(program, same, made)
    for actor in program.actors(NAME):
        yield from _run_inside(program, actor)
    yield from _run_with(program)


def _run_with(program: Program) -> Iterator[Fact]:
    """Models and clients that agents are given as they run: those of a run go before an agent's own, those of the program come after."""
    configured: set[int] = set()
    for call in program.made(IMPORTS, *_RUNS):
        for config in program.items(call.arg("run_config")) if "Runner" in call.callee else ():
            for agent in program.items(call.arg("starting_agent", 0)):
                actor = program.actor(agent)
                if actor is not None and isinstance(config, Made) and config.arg("model") is not None:
                    configured.add(id(actor))
                    yield from program.uses_model(actor, config.arg("model"))
    for call in program.made(IMPORTS, "set_default_openai_client"):
        for actor in program.actors(NAME):
            own = _arg(actor.made, "model")
            if actor.value.module is call.module and id(actor) not in configured and (own is None or own.text() is not None):
                yield from program.uses_model(actor, call.arg("client", 0))


def _arg(made: Made, name: str) -> Value | None:
    """An argument; of a clone what it was made from says the rest."""
    one: Value | None = made
    while isinstance(one, Made):
        found = one.arg(name)
        if found is not None:
            return found
        one = one.receiver
    return None


def _agent(program: Program, actor: Actor, made: Made) -> Iterator[Fact]:
    for tool in program.items(_arg(made, "tools")):
        yield from _tool(program, actor, tool)
    if made.symbol == "SandboxAgent":
        yield from _sandbox(program, actor, made)
    for server in program.items(_arg(made, "mcp_servers")):
        connected = list(program.connects(actor, server))
        yield from connected
        if not connected:
            yield from program.problem(server, f"an MCP server of {actor.name!r} is not known")
    for target in program.items(_arg(made, "handoffs")):
        yield from _handoff(program, actor, target)
    yield from program.uses_model(actor, _arg(made, "model"))
    for name in ("input_guardrails", "output_guardrails"):
        for guardrail in program.items(_arg(made, name)):
            yield from _guardrail(program, actor, guardrail)


def _tool(program: Program, actor: Actor, tool: Value) -> Iterator[Fact]:
    if isinstance(tool, Made) and tool.symbol == "as_tool" and program.actor(tool.receiver) is not None:
        yield from program.delegates(actor, tool.receiver, "invoke", "agent_as_tool", what="tools")
    else:
        yield from program.uses_tools(actor, tool, hosted=HOSTED, packages=IMPORTS)


def _sandbox(program: Program, actor: Actor, made: Made) -> Iterator[Fact]:
    """What an agent with a sandbox can do there: what it is told, else all that it can by default."""
    given = _arg(made, "capabilities")
    stated = set()
    for one in program.items(given):
        if isinstance(one, Made) and one.within(*IMPORTS):
            stated.add(one.symbol)
        else:
            yield from program.uses_tools(actor, one, what="capabilities")
    for name, tool in _CAPABILITIES.items():
        if given is None or not stated.isdisjoint((name, "default")):
            yield from program.hosted(actor, made, tool)


def _handoff(program: Program, actor: Actor, target: Value) -> Iterator[Fact]:
    if isinstance(target, Made) and target.symbol in {"handoff", "realtime_handoff"}:
        for agent in program.items(target.arg("agent", 0), target):
            yield from program.delegates(actor, agent, "handoff", "handoff", what="hand-offs")
    elif isinstance(target, Made) and target.symbol == "Handoff":
        name = target.arg("agent_name")
        found = [other for other in program.actors(NAME) if name is not None and other.name == name.text()]
        for other in found[:1]:
            yield program.edge("DELEGATES_TO", actor.key, other.key, target, mode="handoff", kind_detail="handoff")
    else:
        yield from program.delegates(actor, target, "handoff", "handoff", what="hand-offs")


def _guardrail(program: Program, actor: Actor, guardrail: Value) -> Iterator[Fact]:
    """Agents that a guardrail's function runs check what the agent says or is told."""
    function: Value | None = guardrail
    if isinstance(guardrail, Made):
        function = guardrail.arg("guardrail_function", 0)
    if isinstance(function, FunctionV):
        for agent, at in _runs(program, function):
            if agent is not actor:
                yield program.edge("DELEGATES_TO", actor.key, agent.key, at, mode="invoke", kind_detail="guardrail")


def _runs(program: Program, function: FunctionV) -> Iterator[tuple[Actor, Made]]:
    """Agents that ``Runner.run`` runs in a function."""
    for call in program.calls_in(function):
        if isinstance(call, Made) and call.symbol in _RUNS and "Runner" in call.callee:
            for agent in program.items(call.arg("starting_agent", 0)):
                found = program.actor(agent)
                if found is not None:
                    yield found, call


def _run_inside(program: Program, actor: Actor) -> Iterator[Fact]:
    """Agents that the agent's tools run."""
    for tool in program.items(_arg(actor.made, "tools")):
        for function in _functions(tool):
            for agent, at in _runs(program, function):
                yield program.edge("DELEGATES_TO", actor.key, agent.key, at, mode="invoke", kind_detail="run_in_tool")


def _functions(tool: Value) -> Iterator[FunctionV]:
    if isinstance(tool, FunctionV):
        yield tool
    elif isinstance(tool, Made):
        for name, position in (("func", 0), ("on_invoke_tool", None)):
            value = tool.arg(name, position)
            if value is not None and not isinstance(value, Const):
                yield from (option for option in value.options() if isinstance(option, FunctionV))
