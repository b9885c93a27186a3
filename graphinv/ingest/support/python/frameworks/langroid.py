"""Langroid: agents, the messages by which they call tools, tasks that hand on to each other, tools of MCP servers.

An agent is named by its configuration or by the task that runs it. Messages that only steer a conversation are no tools.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: sub_task}]->(:Agent), as the tasks that run them say
    what a vocabulary draws of its agents
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.actors import identity_of
from graphinv.ingest.support.python.objects import class_attribute
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.servers import plain
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    READ,
    SEARCH,
    WRITE,
    hosted,
    is_false,
    limited,
    link,
    runs_agents,
    uses_model,
)
from graphinv.ingest.support.python.values import Bound, ClassV, Const, External, Made, Value
from graphinv.ingest.support.python.vocabulary import Vocabulary
from graphinv.ingest.support.words import names
from graphinv.model.facts import Fact

NAME = "langroid"
IMPORTS = ("langroid",)
HOSTED = hosted(
    NAME,
    {
        "web_search": SEARCH,
        "read_file": READ,
        "write_file": WRITE,
        "list_dir": READ,
        "retrieval": READ,
        "run_query": (("read", "write", "destructive"), False),
        "pandas_eval": EXECUTE,
        "graph_query": (("read", "write", "destructive"), False),
    },
    {
        "DuckduckgoSearchTool": "web_search",
        "GoogleSearchTool": "web_search",
        "MetaphorSearchTool": "web_search",
        "ExaSearchTool": "web_search",
        "TavilySearchTool": "web_search",
        "SeltzSearchTool": "web_search",
        "ReadFileTool": "read_file",
        "WriteFileTool": "write_file",
        "ListDirTool": "list_dir",
        "RetrievalTool": "retrieval",
        "RunQueryTool": "run_query",
    },
)
_BRINGS = {
    "SQLChatAgent": "run_query",
    "TableChatAgent": "pandas_eval",
    "Neo4jChatAgent": "graph_query",
    "CSVGraphAgent": "graph_query",
    "ArangoChatAgent": "graph_query",
    "DocChatAgent": "retrieval",
    "LanceDocChatAgent": "retrieval",
    "DocAgent": "retrieval",
    "RetrieverAgent": "retrieval",
}
"""Tools that kinds of agents have without being given them."""
_AGENTS = Vocabulary(
    NAME=NAME,
    IMPORTS=IMPORTS,
    agents=dict.fromkeys(("ChatAgent", "OpenAIAssistant", *_BRINGS)),
    options="config",
    tools=(),
    models=(),
    memories=("vecdb",),
)
_STEERING = names(
    """DoneTool AgentDoneTool ResultTool FinalResultTool PassTool DonePassTool ForwardTool SendTool AgentSendTool RewindTool
    RecipientTool AddRecipientTool RequestTool TaskDoneTool"""
)
_OF_SERVERS = ("get_tools_async", "get_tool_async")
_STARTED = {"NpxStdioTransport": ("npx", "package", "args"), "UvxStdioTransport": ("uvx", "tool_name", "tool_args")}
"""How what starts a server names its program and arguments."""


def declare(program: Program) -> None:
    """Its agents."""
    named: dict[object, Value] = {}
    for task in program.made(IMPORTS, "Task"):
        name = task.arg("name", 1)
        for agent in program.items(task.arg("agent", 0)):
            if name is not None and name.text():
                named.setdefault(identity_of(agent), name)
    for kind in _AGENTS.agents:
        for made in program.made(IMPORTS, kind):
            stated = _AGENTS.title(made, None)
            name = stated if isinstance(stated, Value) and stated.text() else named.get(identity_of(made))
            program.declare(made, name=name, framework=NAME, detail=f"{NAME} {kind}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom their tasks hand on to."""
    for actor in program.actors(NAME):
        yield from _AGENTS.uses(program, actor)
        yield from uses_model(program, actor, _AGENTS.given(actor.made, "llm"), "chat_model")
        yield from program.holds(actor, _AGENTS.given(actor.made, "database_uri"), "database_uri")
        brought = _BRINGS.get(actor.made.symbol)
        if brought is not None:
            yield from program.hosted(actor, actor.made, HOSTED[brought])
        for call in program.calls_on(actor.made):
            if call.symbol == "enable_message" and not is_false(call.passed("use", 1)):
                for item in program.items(call.passed("message_class", 0)):
                    yield from _tool(program, actor, item)
    for task in program.made(IMPORTS, "Task"):
        for call in program.calls_on(task):
            if call.symbol == "add_sub_task":
                yield from _handed_on(program, task, call)


def _handed_on(program: Program, task: Made, call: Made) -> Iterator[Fact]:
    """Delegation from the agent of a task to that of each of its sub-tasks."""
    agents = [actor for one in program.items(task.arg("agent", 0)) if (actor := program.actor(one)) is not None]
    for item in program.items(call.passed("task", 0)):
        if isinstance(item, Const):
            continue  # how often a sub-task may run
        inner = _task(item)
        others = program.items(inner.arg("agent", 0)) if isinstance(inner, Made) else []
        found = [actor for one in others if (actor := program.actor(one)) is not None]
        for one in agents:
            for other in found:
                if one is not other:
                    yield link(program, one, other, call, "invoke", "sub_task")
            if not found:
                yield from program.problem(
                    call, f"sub-tasks of {one.name!r} are not all known: which agents they run is known only when it runs"
                )


def _task(item: Value | None) -> Value | None:
    """The task itself, of one with the type of its result (``Task(agent)[int]``) or a copy."""
    while isinstance(item, Bound) or (isinstance(item, Made) and item.symbol == "clone"):
        item = item.receiver
    return item


def _tool(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    """What one message that an agent is given lets it do."""
    loaded = _loaded(item)
    if loaded is not None:
        yield from _served(program, actor, loaded)
        return
    cls = item if isinstance(item, ClassV) else item.cls if isinstance(item, Made) else None
    if cls is None:
        parts = _dotted(item).split(".")
        if _STEERING.isdisjoint(parts):
            known = next((HOSTED[part] for part in parts if part in HOSTED), None)
            yield from program.hosted(actor, item, known) if known is not None else program.uses_tools(actor, item, packages=IMPORTS)
        return
    above = (option for one in cls.cls.decorators for option in program.ev.evaluate(one, cls.scope).options())
    server = next((one for one in above if isinstance(one, Made) and one.symbol == "mcp_tool"), None)
    if server is not None:
        yield from _served(program, actor, server)
        return
    request = class_attribute(program.ev, cls, "request", None)
    name = request.text() if request is not None else None
    methods = [one for owner in (cls, actor.made.cls) if owner is not None for one in program.methods(owner)]
    handler = next((one for one in methods if one.name in ("handle", "handle_async", name)), None)
    key, told = program.tool(handler or cls, name=name or cls.name)
    yield from told
    if key is not None:
        yield program.edge("USES", actor.key, key, item, sources=[program.cited(actor, item)])
    if handler is not None:
        yield from runs_agents(program, actor, handler)


def _dotted(item: Value) -> str:
    root = item.receiver if isinstance(item, Bound) else item
    return root.dotted if isinstance(root, External) else root.callee if isinstance(root, Made) else ""


def _loaded(item: Value) -> Made | None:
    """The call that gave tools of a server."""
    one: Value | None = item
    while isinstance(one, Bound):
        one = one.receiver
    return one if isinstance(one, Made) and one.symbol in _OF_SERVERS else None


def _served(program: Program, actor: Actor, call: Made) -> Iterator[Fact]:
    """CONNECTS_TO for the server that tools come from; to the one that is named alone where it is."""
    client = call.receiver if isinstance(call.receiver, Made) and call.receiver.symbol == "FastMCPClient" else None
    named = call.passed("tool_name", 0 if client is not None else 1)
    only = program.items(named) if call.symbol.startswith("get_tool_") or call.symbol == "mcp_tool" else []
    start = client.arg("server", 0) if client is not None else call.passed("server", 0)
    for transport in program.items(start) or [call]:
        entry = _entry(transport)
        if entry is None:
            yield from program.problem(call, f"the server of tools of {actor.name!r} is known only when it runs")
        else:
            yield from limited(program.connects_to(actor, transport, entry), only)


def _entry(transport: Value) -> dict[str, object] | None:
    """What a transport says, as a configuration would."""
    text = transport.text()
    if text is not None:
        return {"url": text} if "://" in text else {"command": "python", "args": [text]} if text.endswith(".py") else None
    if not isinstance(transport, Made):
        return None
    if transport.symbol in _STARTED:
        command, program, args = _STARTED[transport.symbol]
        named = transport.arg(program, 0)
        listed = transport.arg(args)
        given = plain(listed, []) if listed is not None else None
        words = [str(one) for one in given] if isinstance(given, list) else []
        flags = [one for one in words if one.startswith("-") and command == "npx"]
        rest = [one for one in words if one not in flags]
        return {"command": command, "args": [*flags, named.text() if named is not None else None, *rest]}
    stated = {name: plain(value, []) for name in ("command", "args", "env", "url", "headers") if (value := transport.arg(name)) is not None}
    return {name: value for name, value in stated.items() if value is not None} or None
