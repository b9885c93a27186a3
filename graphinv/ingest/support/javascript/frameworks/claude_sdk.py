"""Claude Agent SDK: the session that ``query`` starts, its sub-agents, its servers, the built-in tools it may use.

Drawn:
    (:Agent session)-[:DELEGATES_TO {mode: invoke, kind_detail: sub-agent}]->(:Agent)
    (:Agent)-[:USES]->(:Tool built-in of Claude Code), (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

A session that lists no tools may read what it likes, since that needs no permission; one that bypasses permissions may use everything it is
not denied. A sub-agent that lists none has those of its session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphinv.ingest.support import claude
from graphinv.ingest.support.javascript.program import Actor, Program, texts
from graphinv.ingest.support.javascript.servers import connects_to, is_source_server, named_entries, server_name
from graphinv.ingest.support.javascript.shapes import uses_model
from graphinv.ingest.support.javascript.values import DictV, Made, Value
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.mcp_source import source_server_key
from graphinv.model.facts import EdgeFact, Fact, NodeKey

NAME = "claude-agent-sdk"
PACKAGES = ("@anthropic-ai/claude-agent-sdk", "@anthropic-ai/claude-code")
_CALLS = ("query", "unstable_v2_createSession", "unstable_v2_prompt", "unstable_v2_resumeSession")
_FREE = ("Read", "Glob", "Grep")
_EDITS = ("Edit", "Write")


def declare(program: Program) -> None:
    """Sessions and their sub-agents."""
    for made in program.objects(PACKAGES, *_CALLS):
        options = _options(program, made)
        session = program.declare(made, None, NAME, detail="claude-agent-sdk session")
        agents = options.get("agents") if options is not None else None
        for name, value in agents.items if isinstance(agents, DictV) else ():
            if isinstance(value, DictV):
                program.declare(value, name, NAME, detail="claude-agent-sdk sub-agent", parent=f"{session.name}/")


def _options(program: Program, made: Made) -> DictV | None:
    given = program.option(made, "options") if made.symbol == "query" else made.arg(0 if made.symbol.endswith("createSession") else 1)
    return next((one for one in given.options() if isinstance(one, DictV)), None) if given is not None else None


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.of_framework(NAME):
        if isinstance(actor.value, Made):
            yield from _session(program, actor, actor.value)


def _session(program: Program, session: Actor, made: Made) -> Iterator[Fact]:
    options = _options(program, made)
    if options is None:
        if program.option(made, "options") is not None:
            yield from program.problem(made, f"the options of {session.name!r} are put together when it runs")
        yield from _builtins(program, session, _FREE, made)
        return
    mode = options.get("permissionMode")
    autonomy = claude.AUTONOMY.get((mode.text() if mode is not None else None) or "")
    if autonomy:
        session.props["autonomy"] = autonomy
    yield from uses_model(program, session, options.get("model"))
    specs = _specs(options, made)
    yield from _builtins(program, session, [spec.name for spec in specs if not spec.server], made)
    own: dict[str, NodeKey] = {}
    limited = {spec.server for spec in specs if spec.server and spec.tool}
    for name, entry in named_entries(options.get("mcpServers")):
        source = entry.options()[0]
        if is_source_server(source) and isinstance(source, Made):
            own[name] = source_server_key(program.root, source.path, server_name(program, source))
        for fact in connects_to(program, session, name, entry):
            if isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO" and isinstance(fact.target, tuple):
                own[name] = fact.target
                if name in limited:
                    continue  # narrowed to single tools below
            yield fact
    document = program.document(made.path)
    yield from claude.server_edges(document, session.key, [spec for spec in specs if spec.server and spec.tool], own)
    agents = options.get("agents")
    for name, value in agents.items if isinstance(agents, DictV) else ():
        agent = program.actor(value)
        if agent is None:
            yield from program.problem(value, f"the sub-agent {name[:80]!r} of {session.name!r} could not be followed")
            continue
        yield program.edge("DELEGATES_TO", session.key, agent.key, value, mode="invoke", kind_detail="sub-agent")
        yield from _sub_agent(program, agent, value, specs, own)


def _specs(options: DictV, made: Made) -> list[claude.ToolSpec]:
    """What a session may use: what it lists, what its mode allows, less what it denies."""
    mode = options.get("permissionMode")
    text = mode.text() if mode is not None else None
    listed = _listed(options.get("allowedTools"))
    base = _listed(options.get("tools"))
    denied = {spec.name for spec in _listed(options.get("disallowedTools")) if spec.whole}
    names = {spec.name for spec in listed}
    more: tuple[str, ...] = ()
    if text == "bypassPermissions":
        more = tuple(spec.name for spec in base) or claude.INHERENT
    elif text == "acceptEdits":
        more = _EDITS
    elif not listed:
        more = tuple(spec.name for spec in base) or _FREE
    found = [*listed, *(claude.ToolSpec(name, line=made.line) for name in more if name not in names)]
    return [spec for spec in found if spec.name not in denied]


def _listed(value: Value | None) -> list[claude.ToolSpec]:
    if value is None:
        return []
    return claude.tool_specs(texts(value), Located(texts(value), first_line=value.line), "tools") or []


def _builtins(program: Program, actor: Actor, names: Iterable[str], at: Value) -> Iterator[Fact]:
    for name in dict.fromkeys(names):
        if name not in claude.DELEGATION and name != "*":
            yield from claude.builtin_facts(program.document(at.path), at.line, name)
            yield program.edge("USES", actor.key, claude.builtin_key(name), at)


def _sub_agent(program: Program, agent: Actor, value: Value, inherited: list[claude.ToolSpec], own: dict[str, NodeKey]) -> Iterator[Fact]:
    tools = value.get("tools") if isinstance(value, DictV) else None
    specs = _listed(tools) if tools is not None else inherited
    yield from _builtins(program, agent, [spec.name for spec in specs if not spec.server], value)
    if tools is None:
        for key in own.values():
            yield program.edge("CONNECTS_TO", agent.key, key, value)
    else:
        document = program.document(value.path)
        yield from claude.server_edges(document, agent.key, [spec for spec in specs if spec.server], own)
    model = value.get("model") if isinstance(value, DictV) else None
    if model is not None and model.text() != "inherit":
        yield from uses_model(program, agent, model)
