"""Claude Agent SDK: the session that options describe, its sub-agents, its servers, and tools in the same process.

Drawn:
    (:Agent session)-[:DELEGATES_TO {mode: invoke, kind_detail: sub-agent}]->(:Agent)
    (:Agent)-[:USES]->(:Tool built-in of Claude Code)
    (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:ToolServer)-[:PROVIDES]->(:Tool)
    (:Agent)-[:USES_MODEL]->(:Model)

A sub-agent that lists no tools has those of its session. A session that lists none may read what it likes, since that needs no permission;
one that bypasses permissions may use everything it is not denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import claude
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.servers import plain
from graphinv.ingest.support.python.shapes import is_none, link
from graphinv.ingest.support.python.values import DictV, Made, Value
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey

NAME = "claude-agent-sdk"
IMPORTS = ("claude_agent_sdk", "claude_code_sdk")

_OPTIONS = ("ClaudeAgentOptions", "ClaudeCodeOptions")
_FREE = ("Read", "Glob", "Grep")
_EDITS = ("Edit", "Write")


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in _OPTIONS:
        for made in program.made(IMPORTS, one):
            session = program.declare(made, name=None, framework=NAME, detail=f"{NAME} session")
            for name, value in _definitions(made):
                program.declare(value, name=name, framework=NAME, detail=f"{NAME} sub-agent", parent=session)
    for one in ("query", "ClaudeSDKClient"):
        for made in program.made(IMPORTS, one):
            if one == "query" and made.receiver is not None:
                continue
            if is_none(made.arg("options", None if one == "query" else 0)):
                program.declare(made, name="query" if one == "query" else None, framework=NAME, detail=f"{NAME} session")


def _definitions(options: Made) -> Iterator[tuple[Value, Value]]:
    agents = options.arg("agents")
    for key, value in agents.items if isinstance(agents, DictV) else ():
        for one in value.options():
            if isinstance(one, (Made, DictV)):
                yield key, one


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    tools = _tools_in_process(program)
    for actor in program.actors(NAME):
        if isinstance(actor.value, Made) and actor.made.symbol in _OPTIONS:
            yield from _session(program, actor, tools)
        elif isinstance(actor.value, Made) and actor.made.symbol in ("query", "ClaudeSDKClient"):
            yield from _builtins(program, actor, _FREE, actor.value)


def _document(value: Value) -> Document:
    return Document(value.module.root, value.module.path, b"", lambda _: "")


# --------------------------------------------------------------------------------------------------------------------------------
# Sessions


def _session(program: Program, session: Actor, in_process: Named) -> Iterator[Fact]:
    made = session.made
    mode = made.arg("permission_mode")
    autonomy = claude.AUTONOMY.get((mode.text() if mode is not None else None) or "")
    if autonomy:
        yield NodeFact(*session.key, {"autonomy": autonomy, "sources": [program.source(made)]})
    yield from program.uses_model(session, made.arg("model"))
    yield from program.uses_model(session, made.arg("fallback_model"))
    specs = _specs(program, made)
    yield from _builtins(program, session, [spec.name for spec in specs if not spec.server], made)
    own: dict[str, NodeKey] = {}
    yield from _servers(program, session, made.arg("mcp_servers"), specs, own, in_process)
    yield from claude.server_edges(_document(made), session.key, [spec for spec in specs if spec.server and spec.server not in own])
    for _, value in _definitions(made):
        agent = program.actor(value)
        if agent is not None:
            yield link(program, session, agent, value, "invoke", "sub-agent")
            yield from _sub_agent(program, agent, specs, own)
    if made.arg("agents") is not None and not isinstance(made.arg("agents"), DictV):
        yield from program.problem(made, f"the sub-agents of {session.name!r} come from a name that is bound at run time")


def _specs(program: Program, made: Made) -> list[claude.ToolSpec]:
    """What a session may use: what it lists, what its mode allows, less what it denies."""
    mode = made.arg("permission_mode")
    mode_text = mode.text() if mode is not None else None
    listed = _listed(program, made.arg("allowed_tools"))
    base = _listed(program, made.arg("tools"))
    denied = {spec.name for spec in _listed(program, made.arg("disallowed_tools")) if spec.whole}
    names = {spec.name for spec in listed}
    more: tuple[str, ...] = ()
    if mode_text == "bypassPermissions":
        more = tuple(spec.name for spec in base) or claude.INHERENT
    elif mode_text == "acceptEdits":
        more = _EDITS
    elif not listed and not base:
        more = _FREE
    elif not listed:
        more = tuple(spec.name for spec in base)
    found = [*listed, *(claude.ToolSpec(name, line=made.line) for name in more if name not in names)]
    if any(spec.name in claude.DELEGATION for spec in base):
        found += [spec for spec in base if spec.name in claude.DELEGATION]
    return [spec for spec in found if spec.name not in denied]


def _listed(program: Program, value: Value | None) -> list[claude.ToolSpec]:
    texts = [text for item in program.items(value) if (text := item.text()) is not None]
    return claude.tool_specs(texts, Located(texts, first_line=value.line), "tools") or [] if value is not None else []


def _builtins(program: Program, actor: Actor, names: Iterable[str], at: Value) -> Iterator[Fact]:
    for name in dict.fromkeys(names):
        if name not in claude.DELEGATION and name != "*":
            yield from claude.builtin_facts(_document(at), at.line, name)
            yield program.edge("USES", actor.key, claude.builtin_key(name), at)


def _sub_agent(program: Program, agent: Actor, inherited: list[claude.ToolSpec], own: dict[str, NodeKey]) -> Iterator[Fact]:
    value = agent.value
    tools = _field(value, "tools")
    specs = _listed(program, tools) if not is_none(tools) else inherited
    denied = {spec.name for spec in _listed(program, _field(value, "disallowedTools")) if spec.whole}
    specs = [spec for spec in specs if spec.name not in denied]
    yield from _builtins(program, agent, [spec.name for spec in specs if not spec.server], value)
    if is_none(tools):
        for name, key in own.items():
            yield program.edge("CONNECTS_TO", agent.key, key, value, **_limits(name, inherited))
        specs = [spec for spec in specs if spec.server not in own]
    yield from claude.server_edges(_document(value), agent.key, [spec for spec in specs if spec.server], own)
    model = _field(value, "model")
    if model is not None and model.text() != "inherit":
        yield from program.uses_model(agent, model)


def _field(value: Value, name: str) -> Value | None:
    return value.arg(name) if isinstance(value, Made) else value.get(name) if isinstance(value, DictV) else None


# --------------------------------------------------------------------------------------------------------------------------------
# Servers

Named = dict[int, str | None]
"""Names of tools by the identity of their functions."""


def _tools_in_process(program: Program) -> Named:
    """Names that ``@tool(name, …)`` gives, by the identity of the function."""
    named: Named = {}
    for function, decorator in program.decorated(IMPORTS, "tool"):
        given = decorator.arg("name", 0) if isinstance(decorator, Made) else None
        named[id(function.function)] = given.text() if given is not None else None
    return named


def _servers(
    program: Program, session: Actor, value: Value | None, specs: list[claude.ToolSpec], own: dict[str, NodeKey], named: Named
) -> Iterator[Fact]:
    if not isinstance(value, DictV):
        if value is not None and not is_none(value) and value.text() is None:
            yield from program.problem(value, f"the servers of {session.name!r} come from a name that is bound at run time")
        return
    for key, entry in value.items:
        name = key.text()
        for one in entry.options():
            if isinstance(one, Made) and one.within(*IMPORTS) and one.symbol == "create_sdk_mcp_server":
                yield from _in_process(program, session, name, one, specs, own, named)
            elif isinstance(one, DictV):
                yield from _configured(program, session, name or "server", one, specs, own)
            else:
                yield from program.connects(session, one)


def _configured(
    program: Program, session: Actor, name: str, value: DictV, specs: list[claude.ToolSpec], own: dict[str, NodeKey]
) -> Iterator[Fact]:
    """A server in the form of a configuration file's entry."""
    secrets: list[NodeFact] = []
    entry = plain(value, secrets)
    if not ({"command", "url"} & entry.keys()) and ({"command", "url"} & {key.text() for key, _ in value.items}):
        yield from program.connects_to(session, value, entry, name)  # which one is known only at run time
        return
    document = _document(value)
    stated = server_facts(
        document, client=NAME, host=session.key, name=name, entry=entry, where=lambda *_: value.line, folder=document.folder
    )
    for fact in stated:
        if isinstance(fact, Binding):
            own[name] = fact.target
        elif isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO":
            yield EdgeFact(fact.kind, fact.source, fact.target, {**fact.props, **_limits(name, specs)})
        else:
            yield fact
    holder = session.key if "url" in entry else own.get(name, session.key)
    for secret in secrets:
        yield secret
        yield program.edge("HOLDS", holder, secret.key, value, place="repo")


def _limits(name: str | None, specs: list[claude.ToolSpec]) -> dict[str, list[str]]:
    """The only tools of a server that a session lists; nothing where it lists the whole server or none of it."""
    single = sorted({spec.tool for spec in specs if name and spec.server == name and spec.tool})
    return {} if not single or any(spec.server == name and spec.tool is None for spec in specs) else {"tools": single}


def _in_process(
    program: Program,
    session: Actor,
    alias: str | None,
    made: Made,
    specs: list[claude.ToolSpec],
    own: dict[str, NodeKey],
    named: Named,
) -> Iterator[Fact]:
    """A server that runs inside the program: its functions are its tools."""
    given = made.arg("name", 0)
    name = redact(((given.text() if given is not None else None) or alias or "sdk")[:200])
    key: NodeKey = ("ToolServer", f"mcp:{program.root}/{made.module.path}#{name}")
    source = f"{made.module.root}/{made.module.path}#L{made.line}"
    props = {"name": name, "protocol": "mcp", "transport": "in-process", "origin": "internal", "kind_detail": f"{NAME} server"}
    yield NodeFact(*key, {**props, "sources": [source]})
    if alias:
        own[alias] = key
    yield program.edge("CONNECTS_TO", session.key, key, made, **_limits(alias, specs))
    for item in program.items(made.arg("tools", 2)):
        function = getattr(item, "function", None)
        tool, stated = program.tool(item, name=named.get(id(function)))
        yield from stated
        if tool is not None:
            yield program.edge("PROVIDES", key, tool, item)
        else:
            yield from program.problem(item, f"a tool of the server {name!r} comes from a name that is bound at run time")
