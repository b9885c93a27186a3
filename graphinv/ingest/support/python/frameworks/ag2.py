"""AG2: hand-offs and patterns of its group chats, and the agents of ``autogen.beta`` (``ag2``) with their network.

The conversable agents themselves are :mod:`.autogen`'s.

Drawn:
    (:Workflow pattern)-[:DELEGATES_TO {kind_detail: entry_point | group_chat}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent): conditions, after work, and what a tool's result names
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: nested_chat | agent_as_tool | channel}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: transition}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    FETCH,
    NOTHING,
    SEARCH,
    WRITE,
    Effects,
    Names,
    calls,
    functions,
    hosted,
    link,
    members,
    runs_agents,
    team,
)
from graphinv.ingest.support.python.values import Bound, DictV, ListV, Made, Value
from graphinv.model.facts import Fact, NodeKey

NAME = "ag2"
CLASSIC = ("autogen", "ag2")
BETA = ("autogen.beta", "ag2")
IMPORTS = CLASSIC

_TOOLS: dict[str, Effects] = {
    "shell": EXECUTE,
    "code_execution": EXECUTE,
    "web_search": SEARCH,
    "web_fetch": FETCH,
    "filesystem": WRITE,
    "memory": WRITE,
    "image_generation": NOTHING,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "ShellTool": "shell",
        "LocalShellTool": "shell",
        "SandboxShellTool": "shell",
        "CodeExecutionTool": "code_execution",
        "SandboxCodeTool": "code_execution",
        "WebSearchTool": "web_search",
        "DuckDuckSearchTool": "web_search",
        "TavilySearchTool": "web_search",
        "ExaToolkit": "web_search",
        "WebFetchTool": "web_fetch",
        "FilesystemToolkit": "filesystem",
        "FilesystemToolset": "filesystem",
        "MemoryTool": "memory",
        "ImageGenerationTool": "image_generation",
    },
)
_AGENTS = ("Agent", "LiveAgent")
_CHOSEN = ("AutoPattern", "RoundRobinPattern", "RandomPattern", "ManualPattern")
"""Patterns in which any of the group's agents can be the next one."""
_HANDING = (
    "add_many",
    "add_llm_condition",
    "add_llm_conditions",
    "add_context_condition",
    "add_context_conditions",
    "set_after_work",
    "add_after_work",
    "add_after_works",
    "register_hand_off",
    "register_handoff",
    "register_handoffs",
)
_RESULTS = {"ReplyResult": "target", "SwarmResult": "agent", "Handoff": "target"}
"""What a tool's function returns to name the next agent, and by which argument."""
_TARGETS = ("target", "agent", "agent_name", "agents", "then", "nested_chat_config")
MAX_DEPTH = 6


def declare(program: Program) -> None:
    """Agents of the beta, and the patterns and swarms of group chats."""
    for one in _AGENTS:
        for made in program.made(BETA, one):
            program.declare(made, name=made.arg("name", 0), framework=NAME, detail=f"{NAME} {one}")
    for made in program.made(BETA, "register"):
        actor = program.actor(made.passed("agent", 0))
        if actor is not None:
            program.alias(made, actor)  # its client in a network
    for one in ("DefaultPattern", *_CHOSEN, "initiate_swarm_chat", "a_initiate_swarm_chat"):
        for made in program.made(CLASSIC, one):
            program.declare(made, name="", framework=NAME, kind="Workflow", detail=f"{NAME} {one}", type="group_chat")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    names, conversable = Names(program, NAME), Names(program, "autogen")
    for actor in program.actors(NAME):
        if actor.key[0] == "Workflow":
            yield from _group(program, actor, conversable)
        else:
            yield from _agent(program, actor, names)
    for actor in program.actors("autogen"):
        yield from _hands_off(program, actor, actor.made.arg("functions"), conversable)
    yield from _transitions(program, names)


def _group(program: Program, group: Actor, names: Names) -> Iterator[Fact]:
    made = group.made
    if made.symbol in _CHOSEN:
        yield from team(program, group, made.arg("agents"), "group_chat", what="agents")
    for first in members(program, made.arg("initial_agent", 0))[0]:
        yield link(program, group, first, made, "invoke", "entry_point")
    for target in _targets(program, made.arg("group_after_work"), names):
        yield link(program, group, target, made, "handoff", "handoff")


def _agent(program: Program, actor: Actor, names: Names) -> Iterator[Fact]:
    made = actor.made
    tools = made.arg("tools")
    added = [call.passed("tool", 0) for call in calls(program, made, "add_tool")]
    decorated = [
        function for function, how in program.decorated_by(made) if "tool" in (getattr(how, "attr", ""), getattr(how, "symbol", ""))
    ]
    for given in (tools, *added, *decorated):
        for item in program.items(given):
            inner = item.arg("agent", 0) if isinstance(item, Made) and item.within(*BETA) and item.symbol == "subagent_tool" else None
            if inner is not None:
                yield from program.delegates(actor, inner, "invoke", "agent_as_tool", what="sub-agents")
            else:
                yield from program.uses_tools(actor, item, hosted=HOSTED, packages=BETA)
        yield from runs_agents(program, actor, given)
        yield from _hands_off(program, actor, given, names)
    yield from program.uses_model(actor, made.arg("config"))
    for client in (one for one in program.made(BETA, "register") if program.actor(one) is actor):
        for channel in calls(program, client, "open"):
            if actor_target := channel.passed("target"):
                for target in _targets(program, actor_target, names):
                    if target.key != actor.key:
                        yield link(program, actor, target, channel, "invoke", "channel")


def _hands_off(program: Program, actor: Actor, tools: Value | None, names: Names) -> Iterator[Fact]:
    """To whom an agent hands over: by its own conditions, and by what the results of its tools name."""
    given: list[tuple[Value, Value | None]] = [
        (call, value)
        for call in calls(program, actor.value, *_HANDING)
        for name in ("conditions", "condition", "target", "hand_to", "handoffs")
        for value in [call.passed(name, 0 if name == "conditions" else None)]
    ]
    for function in functions(program, tools):
        given.extend(
            (made, made.passed(_RESULTS[made.symbol]))
            for made in program.calls_in(function)
            if isinstance(made, Made) and made.within(*CLASSIC) and made.symbol in _RESULTS
        )
    told: set[NodeKey] = set()
    for at, value in given:
        for target in _targets(program, value, names):
            if target.key not in {actor.key, *told}:
                told.add(target.key)
                yield link(program, actor, target, at, "handoff", "handoff")


def _targets(program: Program, value: Value | None, names: Names, depth: int = 0) -> list[Actor]:
    """The agents in a condition, a target, a list of either, or a nested chat's queue."""
    found: list[Actor] = []
    for item in program.items(value) if depth < MAX_DEPTH else ():
        whole = item.receiver if isinstance(item, Bound) and item.attr == "agent_id" else item
        actor = names.find(whole)
        if actor is not None:
            found.append(actor)
        elif isinstance(item, Made):
            for place, name in enumerate(_TARGETS):
                inner = item.passed(name, 0 if not place or name == "nested_chat_config" else None)
                found.extend(_targets(program, inner, names, depth + 1))
        elif isinstance(item, DictV):
            found.extend(_targets(program, item.get("recipient") or item.get("chat_queue"), names, depth + 1))
    return list({actor.key: actor for actor in found}.values())


def _transitions(program: Program, names: Names) -> Iterator[Fact]:
    """Who speaks after whom in the graphs of a network's workflows."""
    for made in program.made(BETA, "sequence"):
        listed = made.passed("participants", 0)
        order = [_targets(program, item, names) for item in (listed.items if isinstance(listed, ListV) else ())]
        for before, after in pairwise(order):
            yield from _from_to(program, before, after, made)
    for made in program.made(BETA, "Transition"):
        when = made.passed("when", 0)
        if isinstance(when, Made) and when.symbol == "FromSpeaker":
            speakers = _targets(program, when.passed("speaker_id", 0), names)
            yield from _from_to(program, speakers, _targets(program, made.passed("then", 1), names), made)


def _from_to(program: Program, before: list[Actor], after: list[Actor], at: Value) -> Iterator[Fact]:
    for one in before:
        for other in after:
            if one.key != other.key:
                yield link(program, one, other, at, "handoff", "transition")
