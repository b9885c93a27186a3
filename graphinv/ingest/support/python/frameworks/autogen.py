"""AutoGen: the conversable agents of 0.2 (and AG2), and the agents and teams of 0.4 and later.

Drawn, 0.2:
    (:Agent)-[:DELEGATES_TO {kind_detail: chat | nested_chat}]->(:Agent recipient)
    (:Agent recipient)-[:DELEGATES_TO {kind_detail: return_edge}]->(:Agent), where the one who opened the chat runs code or functions for it
    (:Agent manager)-[:DELEGATES_TO {kind_detail: group_chat}]->(:Agent), and back from who runs code
Drawn, 0.4:
    (:Workflow team)-[:DELEGATES_TO {kind_detail: group_chat | entry_point}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {kind_detail: graph_edge | conditional_edge | agent_as_tool | team}]->(:Agent | :Workflow)
Both: USES tools and code execution, CONNECTS_TO servers, USES_MODEL.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    FETCH,
    READ,
    Effects,
    Names,
    builtin,
    calls,
    hosted,
    implemented,
    is_false,
    is_none,
    link,
    members,
    runs_agents,
    team,
)
from graphinv.ingest.support.python.values import DictV, ListV, Made, Value
from graphinv.model.facts import Fact

NAME = "autogen"
OLD = ("autogen", "pyautogen", "ag2")
NEW = ("autogen_agentchat", "autogen_core", "autogen_ext")
IMPORTS = (*OLD, *NEW)

_OLD_AGENTS = (
    "ConversableAgent",
    "AssistantAgent",
    "UserProxyAgent",
    "GroupChatManager",
    "GPTAssistantAgent",
    "RetrieveAssistantAgent",
    "RetrieveUserProxyAgent",
    "QdrantRetrieveUserProxyAgent",
    "MultimodalConversableAgent",
    "LLaVAAgent",
    "MathUserProxyAgent",
    "CompressibleAgent",
    "TeachableAgent",
    "TextAnalyzerAgent",
    "SocietyOfMindAgent",
    "WebSurferAgent",
    "CaptainAgent",
    "ReasoningAgent",
    "SwarmAgent",
    "DeepResearchAgent",
    "DocAgent",
    "RealtimeAgent",
    "A2UIAgent",
)
_NEW_AGENTS = (
    "AssistantAgent",
    "UserProxyAgent",
    "CodeExecutorAgent",
    "SocietyOfMindAgent",
    "MessageFilterAgent",
    "MultimodalWebSurfer",
    "FileSurfer",
    "VideoSurfer",
    "MagenticOneCoderAgent",
    "OpenAIAssistantAgent",
    "OpenAIAgent",
    "AzureAIAgent",
    "BaseChatAgent",
)
_TEAMS = {
    "RoundRobinGroupChat": "group_chat",
    "SelectorGroupChat": "group_chat",
    "Swarm": "swarm",
    "MagenticOneGroupChat": "magentic",
    "GraphFlow": "graph_flow",
}
_TOOLS: dict[str, Effects] = {
    "code_execution": EXECUTE,
    "http": (("read", "write", "egress"), True),
    "web_surfer": (("read", "write", "egress"), True),
    "file_surfer": READ,
    "video_surfer": READ,
    "graphrag_search": READ,
    "azure_ai_search": READ,
    "web_search": FETCH,
    "file_search": READ,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "PythonCodeExecutionTool": "code_execution",
        "LocalCommandLineCodeExecutor": "code_execution",
        "DockerCommandLineCodeExecutor": "code_execution",
        "DockerJupyterCodeExecutor": "code_execution",
        "JupyterCodeExecutor": "code_execution",
        "ACADynamicSessionsCodeExecutor": "code_execution",
        "HttpTool": "http",
        "GlobalSearchTool": "graphrag_search",
        "LocalSearchTool": "graphrag_search",
        "AzureAISearchTool": "azure_ai_search",
    },
)
_SURFERS = {"MultimodalWebSurfer": "web_surfer", "WebSurferAgent": "web_surfer", "FileSurfer": "file_surfer", "VideoSurfer": "video_surfer"}
_CHATS = (
    "initiate_chat",
    "a_initiate_chat",
    "initiate_chats",
    "a_initiate_chats",
    "generate_reply",
    "send",
    "a_send",
    "run",
    "initiate_swarm_chat",
)
_NOBODY = frozenset({"user", "User", "human"})


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in _OLD_AGENTS:
        for made in program.made(OLD, one):
            program.declare(made, name=made.arg("name", 0), framework=NAME, detail=f"{NAME} {one}")
    for one in _NEW_AGENTS:
        for made in program.made(NEW, one):
            program.declare(made, name=made.arg("name", 0), framework=NAME, detail=f"{NAME} {one}")
    names = _types(program)
    for made in program.made(NEW, "RoutedAgent"):
        program.declare(made, name=names.get(id(made.call)), framework=NAME, detail=f"{NAME} RoutedAgent")
    for one, sort in _TEAMS.items():
        for made in program.made(NEW, one):
            program.declare(made, name=made.arg("name"), framework=NAME, kind="Workflow", detail=f"{NAME} {one}", type=sort)


def _types(program: Program) -> dict[int, Value]:
    """The types under which agents of the core are registered, by the identity of the call that makes the agent."""
    found: dict[int, Value] = {}
    for site in program.sites.of_symbol("register"):
        given = [*site.call.args, *(value for _, value in site.call.kwargs)]
        if len(given) > 2 and isinstance(given[2], ir.Function):
            for statement in given[2].body:
                if isinstance(statement, ir.Return) and isinstance(statement.value, ir.Call):
                    found[id(statement.value)] = program.ev.evaluate(given[1], site.scope)
    return found


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    names = Names(program, NAME)
    for actor in program.actors(NAME):
        if actor.key[0] == "Workflow":
            yield from _team(program, actor, names)
        elif actor.made.within(*NEW):
            yield from _new_agent(program, actor, names)
        else:
            yield from _old_agent(program, actor)
    yield from _registered(program)


# --------------------------------------------------------------------------------------------------------------------------------
# 0.4 and later


def _new_agent(program: Program, actor: Actor, names: Names) -> Iterator[Fact]:
    made = actor.made
    yield from program.uses_model(
        actor, made.arg("model_client", 1 if made.symbol in ("AssistantAgent", "MagenticOneCoderAgent") else None)
    )
    yield from _tools(program, actor, made.arg("tools"))
    yield from program.uses_tools(actor, made.arg("workbench"), hosted=HOSTED, packages=IMPORTS, what="workbench")
    for item in program.items(made.arg("handoffs")):
        yield from _handoff(program, actor, item, names)
    if made.symbol == "CodeExecutorAgent":
        yield from builtin(program, actor, HOSTED["code_execution"], made)
    if made.symbol in _SURFERS:
        yield from builtin(program, actor, HOSTED[_SURFERS[made.symbol]], made)
    yield from program.delegates(actor, made.arg("team", 1) if made.symbol == "SocietyOfMindAgent" else None, "invoke", "team", what="team")
    yield from program.delegates(actor, made.arg("wrapped_agent"), "invoke", "wrapped_agent", what="wrapped agent")
    for item in program.items(made.arg("memory")):
        yield from program.memory(actor, item)
    if made.symbol == "RoutedAgent":
        for function in program.methods(made.cls) if made.cls is not None else ():
            for value in program.calls_in(function):
                other = program.actor(value)
                if other is not None and other.key != actor.key and function.name == "__init__":
                    yield link(program, actor, other, value, "invoke", "delegate")


def _tools(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    for item in program.items(value):
        if isinstance(item, Made) and item.within(*NEW) and item.symbol in ("AgentTool", "TeamTool"):
            inner = item.arg("agent" if item.symbol == "AgentTool" else "team", 0)
            yield from program.delegates(actor, inner, "invoke", "agent_as_tool", what="agent tools")
        else:
            yield from program.uses_tools(actor, item, hosted=HOSTED, packages=IMPORTS)
    yield from runs_agents(program, actor, value)


def _handoff(program: Program, actor: Actor, item: Value, names: Names) -> Iterator[Fact]:
    target = item.arg("target") if isinstance(item, Made) and item.symbol == "Handoff" and program.actor(item) is None else item
    text = target.text() if target is not None else None
    found = names.find(target)
    if found is not None:
        yield link(program, actor, found, item, "handoff", "handoff")
    elif text not in _NOBODY:
        yield from program.problem(item, f"whom {actor.name!r} hands off to is known only at run time")


def _team(program: Program, owner: Actor, names: Names) -> Iterator[Fact]:
    made = owner.made
    participants = made.arg("participants", 0)
    if isinstance(participants, Made) and participants.symbol == "get_participants":
        nodes = [call.passed("agent", 0) for call in calls(program, participants.root(), "add_node")]
        participants = ListV(made.module, made.line, tuple(node for node in nodes if node is not None))
    detail = _TEAMS.get(made.symbol, "group_chat")
    if detail == "swarm":
        first = next((actor for item in program.items(participants) if (actor := program.actor(item)) is not None), None)
        if first is not None:
            yield link(program, owner, first, made, "invoke", "entry_point")
    else:
        yield from team(program, owner, participants, detail, what="participants")
    yield from program.uses_model(owner, made.arg("model_client"))
    if made.symbol == "GraphFlow":
        graph = made.arg("graph")
        root = graph.root() if isinstance(graph, Made) else None
        if isinstance(root, Made) and root.symbol == "DiGraphBuilder":
            found, _ = members(program, participants)
            for call in calls(program, root, "add_edge"):
                ends = [names.find(call.passed(name, place), found) for name, place in (("source", 0), ("target", 1))]
                if ends[0] is None or ends[1] is None:
                    yield from program.problem(call, f"an edge of {owner.name!r} has an end that is bound at run time")
                    continue
                detail = "graph_edge" if is_none(call.passed("condition", 2)) else "conditional_edge"
                yield link(program, ends[0], ends[1], call, "invoke", detail)


# --------------------------------------------------------------------------------------------------------------------------------
# 0.2 and AG2


def _old_agent(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    for name in ("functions", "tools", "function_map"):
        yield from _tools(program, actor, made.arg(name))
    yield from _described(program, actor)
    yield from _model(program, actor)
    if _runs_code(made):
        yield from builtin(program, actor, HOSTED["code_execution"], made)
    if made.symbol in _SURFERS:
        yield from builtin(program, actor, HOSTED[_SURFERS[made.symbol]], made)
    if made.symbol == "GroupChatManager":
        yield from _group(program, actor)
    for function, decorator in program.decorated_by(actor.value):
        named = getattr(decorator, "attr", None) or getattr(decorator, "symbol", "")
        if named in ("register_for_llm", "register_for_execution"):
            yield from program.uses_tools(actor, function)
            yield from runs_agents(program, actor, function)
    for call in calls(program, actor.value, "register_function", "register_for_llm", "register_for_execution"):
        given = call.passed("function_map", 0)
        yield from program.uses_tools(actor, given if isinstance(given, DictV) else None)
    for call in calls(program, actor.value, *_CHATS):
        for recipient in _recipients(program, call):
            yield from _chat(program, actor, recipient, call, "chat")
    for call in calls(program, actor.value, "register_nested_chats"):
        for recipient in _recipients(program, call):
            yield from _chat(program, actor, recipient, call, "nested_chat")


def _described(program: Program, actor: Actor) -> Iterator[Fact]:
    """Tools that ``llm_config`` describes to the model of an agent."""
    configured = actor.made.arg("llm_config")
    for one in configured.options() if configured is not None else ():
        if isinstance(one, DictV):
            for item in (*program.items(one.get("functions")), *program.items(one.get("tools"))):
                yield from _tools(program, actor, implemented(program, actor.made, item))


def _model(program: Program, actor: Actor) -> Iterator[Fact]:
    """Models in ``llm_config``: a mapping with ``model`` or a ``config_list`` of such, or an ``LLMConfig``."""
    configured = actor.made.arg("llm_config")
    for one in configured.options() if configured is not None else ():
        held: Value | None = one
        if isinstance(one, Made):
            yield from program.uses_model(actor, one.arg("model"))
            held = one.arg("config_list")
        entries = [held] if isinstance(held, DictV) else []
        inner = held.get("config_list") if isinstance(held, DictV) else held
        entries.extend(item for item in (inner.items if isinstance(inner, ListV) else ()) if isinstance(item, DictV))
        for entry in entries:
            yield from program.uses_model(actor, entry.get("model"))
            yield from program.holds(actor, entry.get("api_key"), "api_key")


def _runs_code(made: Made) -> bool:
    """Whether the agent runs the code that it is sent: user proxies do unless they are told not to."""
    config = made.arg("code_execution_config")
    if config is None:
        return "UserProxy" in made.symbol
    return not is_false(config) and not is_none(config)


def _executes(program: Program, actor: Actor) -> bool:
    if _runs_code(actor.made) or calls(program, actor.value, "register_function", "register_for_execution"):
        return True
    return any(
        (getattr(how, "attr", None) or getattr(how, "symbol", "")) == "register_for_execution"
        for _, how in program.decorated_by(actor.value)
    )


def _chat(program: Program, actor: Actor, recipient: Actor, at: Value, detail: str) -> Iterator[Fact]:
    if recipient.key == actor.key:
        return
    yield link(program, actor, recipient, at, "invoke", detail)
    if recipient.made.symbol != "GroupChatManager" and _executes(program, actor):
        yield link(program, recipient, actor, at, "invoke", "return_edge")


def _recipients(program: Program, call: Made) -> list[Actor]:
    """Whom a chat is opened with: ``recipient``, or the ``recipient`` of each entry of a list."""
    values: list[Value | None] = [call.passed("recipient", 0)]
    for name in ("chat_queue", "recipient"):
        queue = call.passed(name, 0)
        entries = queue.items if isinstance(queue, ListV) else ()
        values.extend(entry.get("recipient") for entry in entries if isinstance(entry, DictV))
    return list(
        {actor.key: actor for value in values for item in program.items(value) if (actor := program.actor(item)) is not None}.values()
    )


def _group(program: Program, manager: Actor) -> Iterator[Fact]:
    for chat in program.items(manager.made.arg("groupchat", 0)):
        if not isinstance(chat, Made) or not chat.within(*OLD):
            yield from program.problem(chat, f"the group chat of {manager.name!r} comes from a name that is bound at run time")
            continue
        yield from team(program, manager, chat.arg("agents", 0), "group_chat", what="members")
        found, _ = members(program, chat.arg("agents", 0))
        for member in found:
            if _executes(program, member):
                yield link(program, member, manager, chat, "invoke", "return_edge")
        allowed = chat.arg("allowed_or_disallowed_speaker_transitions")
        sort = chat.arg("speaker_transitions_type")
        if isinstance(allowed, DictV) and sort is not None and sort.text() == "allowed":
            for key, targets in allowed.items:
                speaker = program.actor(key)
                for target in members(program, targets)[0] if speaker is not None else ():
                    if speaker is not None and speaker.key != target.key:
                        yield link(program, speaker, target, key, "handoff", "speaker_transition")


def _registered(program: Program) -> Iterator[Fact]:
    """``register_function(f, caller=a, executor=b)``: ``a`` asks for the call, ``b`` carries it out."""
    for made in program.made(OLD, "register_function"):
        caller, executor = program.actor(made.passed("caller")), program.actor(made.passed("executor"))
        for actor in (caller, executor):
            if actor is not None:
                yield from program.uses_tools(actor, made.passed("f", 0))
                yield from runs_agents(program, actor, made.passed("f", 0))
        if caller is not None and executor is not None and caller.key != executor.key:
            yield link(program, caller, executor, made, "invoke", "tool_execution")
    for made in program.made(OLD, "initiate_chats", "a_initiate_chats"):
        queue = made.passed("chat_queue", 0)
        for entry in queue.items if isinstance(queue, ListV) else ():
            if isinstance(entry, DictV):
                sender, recipient = program.actor(entry.get("sender")), program.actor(entry.get("recipient"))
                if sender is not None and recipient is not None:
                    yield from _chat(program, sender, recipient, made, "chat")
