"""LlamaIndex: ``FunctionAgent``, ``ReActAgent`` and their kind, ``AgentWorkflow`` with its hand-offs, query engines as tools, and
workflows of one's own: an agent where its class is called one or it is given tools.

Drawn:
    (:Workflow | :Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: sub_workflow | step}]->(:Agent | :Workflow)
    (:Workflow)-[:DELEGATES_TO {kind_detail: root_agent}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent): those of ``can_handoff_to``, without it all of the workflow
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from graphinv.ingest.support.python.classes import ancestry
from graphinv.ingest.support.python.names import some_instance
from graphinv.ingest.support.python.objects import class_attribute, instance_attribute
from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    READ,
    SEARCH,
    Effects,
    Names,
    builtin,
    calls,
    hosted,
    is_none,
    link,
    members,
    runs_agents,
)
from graphinv.ingest.support.python.values import Bound, External, FunctionV, Made, Unknown, Value
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, NodeFact

NAME = "llamaindex"
_OWN = ("llama_index", "workflows")
IMPORTS = ("llama_index", "workflows.Workflow")

_AGENTS = (
    "FunctionAgent",
    "ReActAgent",
    "CodeActAgent",
    "BaseWorkflowAgent",
    "OpenAIAgent",
    "FunctionCallingAgent",
    "StructuredPlannerAgent",
)
_WORKERS = ("FunctionCallingAgentWorker", "ReActAgentWorker", "OpenAIAgentWorker", "LLMCompilerAgentWorker", "LATSAgentWorker")
_FACTORIES = ("from_tools", "from_defaults")

_TOOLS: dict[str, Effects] = {
    "query_engine": READ,
    "retriever": READ,
    "code_interpreter": EXECUTE,
    "web_search": SEARCH,
    "arxiv": SEARCH,
    "wikipedia": SEARCH,
    "database": (("read", "write"), False),
    "gmail": (("read", "write", "egress"), True),
    "google_calendar": (("read", "write"), True),
    "requests": (("read", "write", "egress"), True),
    "slack": (("read", "write", "egress"), True),
    "notion": (("read", "write"), True),
    "yahoo_finance": SEARCH,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "CodeInterpreterToolSpec": "code_interpreter",
        "AzureCodeInterpreterToolSpec": "code_interpreter",
        "TavilyToolSpec": "web_search",
        "DuckDuckGoSearchToolSpec": "web_search",
        "GoogleSearchToolSpec": "web_search",
        "BingSearchToolSpec": "web_search",
        "BraveSearchToolSpec": "web_search",
        "ArxivToolSpec": "arxiv",
        "WikipediaToolSpec": "wikipedia",
        "DatabaseToolSpec": "database",
        "GmailToolSpec": "gmail",
        "GoogleCalendarToolSpec": "google_calendar",
        "RequestsToolSpec": "requests",
        "SlackToolSpec": "slack",
        "NotionToolSpec": "notion",
        "YahooFinanceToolSpec": "yahoo_finance",
    },
)
_WITH_TOOLS = tuple(f"{way}{name}" for way in ("", "a") for name in ("predict_and_call", "chat_with_tools", "stream_chat_with_tools"))
"""Methods of models that offer tools to them."""
_LISTING = ("to_tool_list", "to_tool_list_async", "from_defaults")


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in _AGENTS:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} {one}")
    for one in _FACTORIES:
        for made in program.made(IMPORTS, one):
            owner = made.callee.split(".")[-2:-1]
            if owner and owner[0] in (*_AGENTS, *_WORKERS):
                program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} {owner[0]}")
    for one in _WORKERS:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} {one}")
    for made in program.made(IMPORTS, "AgentWorkflow"):
        program.declare(made, name=made.arg("name"), framework=NAME, kind="Workflow", detail=f"{NAME} AgentWorkflow", type="agent_workflow")
    for made in program.made(IMPORTS, "from_tools_or_functions"):
        program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} AgentWorkflow")
    made_of = []
    for made in program.made(_OWN, "Workflow"):
        if made.cls is not None:
            made_of.extend(ancestry(program.ev, made.cls))
            _declare_own(program, made)
    for cls in program.classes(_OWN, "Workflow"):
        if all(one.cls is not cls.cls for one in made_of):
            _declare_own(program, some_instance(program.ev, cls))


def _declare_own(program: Program, made: Made) -> None:
    """A workflow that is a class of the tree; ``made`` is one of it, or stands for all."""
    assert made.cls is not None
    named = made.cls.name
    name = None if made.key[:1] == ("class",) else made.arg("name")
    if "agent" in named.lower() or not is_none(made.arg("tools")):
        program.declare(made, name=name or named, framework=NAME, detail=f"{NAME} {named}")
    else:
        program.declare(made, name=name or named, framework=NAME, kind="Workflow", detail=f"{NAME} {named}", type="workflow")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    names = Names(program, NAME)
    for actor in program.actors(NAME):
        if actor.made.within(*_OWN) and actor.made.symbol == "Workflow":
            yield from _own(program, actor)
        elif actor.key[0] == "Workflow":
            yield from _workflow(program, actor, names)
        else:
            yield from _agent(program, actor)


def _own(program: Program, actor: Actor) -> Iterator[Fact]:
    """A workflow of one's own: its tools and model, the workflows that it is given, and the agents that its steps run."""
    made = actor.made
    assert made.cls is not None
    tools, model = (made.arg(name) or instance_attribute(program.ev, made, name) for name in ("tools", "llm"))
    for item in program.items(tools):
        if not isinstance(item, Unknown):
            yield from _tool(program, actor, item)
    yield from runs_agents(program, actor, tools)
    yield from program.uses_model(actor, model)
    seen = {actor.key}
    added = [(call, value) for call in calls(program, made, "add_workflows") for _, value in call.call.kwargs]
    given = [(call, program.ev.evaluate(value, call.scope)) for call, value in added]
    for at, value in [(made, made.arg("agents")), *given]:
        for other in members(program, value)[0]:
            if other.key not in seen:
                seen.add(other.key)
                yield link(program, actor, other, at, "invoke", "sub_workflow")
    for cls in ancestry(program.ev, made.cls):
        for method in program.methods(cls):
            step = class_attribute(program.ev, made.cls, method.name, made) if _is_step(program, method) else None
            if isinstance(step, FunctionV):
                yield from _step(program, actor, step)


def _is_step(program: Program, method: FunctionV) -> bool:
    return any(isinstance(how, (External, Made)) and how.symbol == "step" for how in program.decorators(method))


def _step(program: Program, actor: Actor, step: FunctionV) -> Iterator[Fact]:
    """Tools that a step offers to its model, and agents that it runs."""
    for call in program.calls_in(step):
        if isinstance(call, Made) and call.symbol in _WITH_TOOLS:
            tools = call.passed("tools", 0)
            for item in program.items(tools):
                yield from _tool(program, actor, item)
            yield from runs_agents(program, actor, tools)
    yield from runs_agents(program, actor, step, "step")


def _agent(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    tools = made.arg("tools", 0) if made.symbol in (*_FACTORIES, *_WORKERS) else None
    tools = tools or next((value for key in ("tools", "tools_or_functions") if (value := made.arg(key)) is not None), None)
    if tools is None and made.symbol == "from_tools_or_functions":
        tools = made.arg("tools_or_functions", 0)
    for item in program.items(tools):
        yield from _tool(program, actor, item)
    if not is_none(made.arg("tool_retriever")):
        yield from program.problem(made, f"tools of {actor.name!r} are not all known: a retriever chooses them at run time")
    yield from runs_agents(program, actor, tools)
    yield from program.uses_model(actor, made.arg("llm"))
    if not is_none(made.arg("code_execute_fn")) or "CodeActAgent" in (made.symbol, made.callee.split(".")[-2:-1]):
        yield from builtin(program, actor, HOSTED["code_interpreter"], made)


def _tool(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    if isinstance(item, Bound) and item.attr.startswith("[") and isinstance(item.receiver, Made) and item.receiver.within(*IMPORTS):
        item = item.receiver  # one of the tools of a specification
    if isinstance(item, Made) and item.within(*IMPORTS):
        owner = item.callee.split(".")[-2:-1]
        named = owner[0] if item.symbol in _LISTING and owner else item.symbol
        if named in ("QueryEngineTool", "RetrieverTool"):
            yield from _engine(program, actor, item, "retriever" if named == "RetrieverTool" else "query_engine")
            return
        root = item.root() if item.symbol in _LISTING else item
        if isinstance(root, Made) and root.symbol == "McpToolSpec":
            yield from program.uses_tools(actor, root.arg("client", 0), hosted=HOSTED, packages=IMPORTS, what="MCP tools")
            return
        if isinstance(root, Made) and root is not item and named not in ("FunctionTool",):
            yield from program.uses_tools(actor, root, hosted=HOSTED, packages=IMPORTS)
            return
    yield from program.uses_tools(actor, item, hosted=HOSTED, packages=IMPORTS)


def _engine(program: Program, actor: Actor, made: Made, sort: str) -> Iterator[Fact]:
    """A query engine or retriever as a tool, under the name that it is given here or in its metadata; an agent in one is asked."""
    asked = program.actor(made.arg("query_engine", 0))
    if asked is not None and asked.key != actor.key:
        yield link(program, actor, asked, made, "invoke", "agent_as_tool")
        return
    metadata = made.arg("metadata")
    given = metadata.arg("name") if isinstance(metadata, Made) else made.arg("name")
    name = redact(((given.text() if given is not None else None) or f"{sort}_tool")[:200])
    place = PurePosixPath(made.module.path).with_suffix("")
    tool = Hosted(f"tool:{made.module.root}/{place}#{name}", name, ("read",), None)
    source = f"{made.module.root}/{made.module.path}#L{made.line}"
    yield NodeFact("Tool", tool.id, {"name": name, "kind_detail": f"{NAME} {sort}", "effects": ["read"], "sources": [source]})
    yield program.edge("USES", actor.key, ("Tool", tool.id), made)


def _workflow(program: Program, workflow: Actor, names: Names) -> Iterator[Fact]:
    made = workflow.made
    agents = made.arg("agents", 0)
    found, _ = members(program, agents)
    root = names.find(made.arg("root_agent"), found) or (found[0] if len(found) == 1 else None)
    if root is not None:
        yield link(program, workflow, root, made, "invoke", "root_agent")
    for item in program.items(agents):
        if program.actor(item) is None:
            yield from program.problem(item, f"an agent of {workflow.name!r} comes from a name that is bound at run time")
    for agent in found:
        allowed = agent.made.arg("can_handoff_to")
        targets = found if is_none(allowed) else []
        for item in program.items(allowed):
            target = names.find(item, found)
            if target is None:
                yield from program.problem(item, f"whom {agent.name!r} hands off to is known only at run time")
            else:
                targets = [*targets, target]
        for target in targets:
            if target.key != agent.key:
                yield link(program, agent, target, agent.value, "handoff", "handoff")
