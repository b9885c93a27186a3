"""Tools: what a value in an agent's list of tools is, and the facts about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.asking import FLAGS, asked
from graphinv.ingest.support.effects import name_hints
from graphinv.ingest.support.javascript.bodies import Body, body_facts, body_of
from graphinv.ingest.support.javascript.hosted import HOSTED_EFFECTS, hosted_id
from graphinv.ingest.support.javascript.program import Actor, Program, why
from graphinv.ingest.support.javascript.schemas import plain, schema
from graphinv.ingest.support.javascript.servers import connects, is_client
from graphinv.ingest.support.javascript.values import (
    Bound,
    Const,
    DictV,
    Either,
    External,
    FunctionV,
    ListV,
    Made,
    Unknown,
    Value,
    entries,
    walk,
)
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tool_schema import tool_props
from graphinv.model.facts import Fact, NodeFact, NodeKey, Props

OPENAI = ("@openai/agents", "@openai/agents-core", "@openai/agents-realtime", "@openai/agents-openai")
LANGCHAIN = ("@langchain/core", "langchain", "@langchain/langgraph", "@langchain/community")
LLAMAINDEX = ("llamaindex", "@llamaindex/workflow", "@llamaindex/core", "@llamaindex/agent")
CLAUDE = ("@anthropic-ai/claude-agent-sdk", "@anthropic-ai/claude-code")
MASTRA = ("@mastra/core",)
AI_SDK = ("ai",)
GENKIT = ("genkit", "@genkit-ai/ai")
_MAKERS: tuple[tuple[tuple[str, ...], tuple[str, ...], str, tuple[str, ...]], ...] = (
    (MASTRA, ("createTool", "Tool"), "mastra", ("id", "name")),
    (OPENAI, ("tool",), "openai-agents", ("name",)),
    (AI_SDK, ("tool", "dynamicTool"), "vercel-ai", ()),
    (("@inngest/agent-kit",), ("createTool",), "agent-kit", ("name",)),
    (("@voltagent/core",), ("createTool", "Tool", "tool"), "voltagent", ("name",)),
    (("beeai-framework",), ("DynamicTool",), "beeai", ("name",)),
    (("agent-squad", "multi-agent-orchestrator"), ("AgentTool",), "agent-squad", ("name",)),
    (("@google/adk", "@iqai/adk"), ("FunctionTool", "createTool"), "google-adk", ("name",)),
    (("@strands-agents/sdk",), ("tool", "FunctionTool"), "strands", ("name",)),
)
"""What makes a tool from options: packages, calls, the framework, and the options that name it."""
_GENKIT_TOOLS = ("defineTool", "dynamicTool", "defineInterrupt", "tool")
_TOOL_KEYS = frozenset({"execute", "inputSchema", "parameters", "input_schema", "handler", "invoke"})
_LANGCHAIN_CLASSES = ("DynamicTool", "DynamicStructuredTool", "StructuredTool", "Tool")


@dataclass
class Spec:
    """A tool as its source defines it."""

    name: str
    path: str
    line: int
    framework: str
    description: str | None = None
    input: Value | None = None
    output: Value | None = None
    annotations: dict[str, object] = field(default_factory=dict)
    handlers: list[FunctionV] = field(default_factory=list)
    approval: bool = False
    asks: bool = False
    """Whether somebody is asked before each call, rather than before some."""
    texts: tuple[str, ...] = ()


def spec_of(program: Program, value: Value, key: str = "") -> Spec | None:  # noqa: PLR0911 - one case per way to make a tool
    """The tool that ``value`` is; None where it is none. ``key`` is the name it stands under."""
    if isinstance(value, DictV):
        return _plain_tool(value, key) if _is_tool(value) else None
    if isinstance(value, Made) and value.within(*GENKIT) and value.symbol in _GENKIT_TOOLS:
        return _configured(value)
    if not isinstance(value, Made) or value.receiver is not None:
        return None
    for packages, calls, framework, named in _MAKERS:
        if value.within(*packages) and value.symbol in calls:
            return _from_options(program, value, framework, named, key)
    if value.within(*CLAUDE) and value.symbol == "tool":
        return _positional(value)
    if value.within(*LANGCHAIN) and value.symbol == "tool":
        return _function_first(program, value, "langchain", key)
    if value.within(*LLAMAINDEX) and value.symbol in ("tool", "from"):
        first = value.arg(0)
        if isinstance(first, DictV):
            return _from_options(program, value, "llamaindex", ("name",), key)
        return _function_first(program, value, "llamaindex", key)
    if value.within(*LANGCHAIN) and value.symbol in _LANGCHAIN_CLASSES:
        spec = _from_options(program, value, "langchain", ("name",), key)
        call = program.member(value.cls, "_call", value) if value.cls is not None else None
        spec.handlers += [call] if isinstance(call, FunctionV) else []
        return spec
    return None


def _is_tool(value: DictV) -> bool:
    names = {name for name, _ in value.items}
    if {"name", "schema"} <= names:  # as LangChain's models take them
        return True
    return bool(names & _TOOL_KEYS) and bool(names & {"description", "execute", "handler"}) and not names & {"$schema", "properties"}


def _text(value: Value | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    return value.text()


def _from_options(program: Program, made: Made, framework: str, names: tuple[str, ...], key: str) -> Spec:
    def option(*wanted: str) -> Value | None:
        return next((found for found in (program.option(made, name) for name in wanted) if found is not None), None)

    name = next((text for text in (_text(program.option(made, one)) for one in names) if text), None)
    handlers = [one for one in walk(option("execute", "func", "invoke", "handler", "callback")) if isinstance(one, FunctionV)]
    approval = option("requireApproval", "needsApproval")
    return Spec(
        name or key or made.call.hint or program.variable(made),
        made.path,
        made.line,
        framework,
        _text(option("description")),
        option("inputSchema", "parameters", "schema"),
        option("outputSchema"),
        handlers=handlers,
        approval=approval is not None and not (isinstance(approval, Const) and not approval.value),
        asks=isinstance(approval, Const) and approval.value is True,
    )


def _plain_tool(value: DictV, key: str) -> Spec:
    name = _text(value.get("name")) or _text(value.get("id")) or key
    handlers = [one for item in ("execute", "handler", "invoke") for one in walk(value.get(item)) if isinstance(one, FunctionV)]
    described = value.get("inputSchema") or value.get("parameters") or value.get("input_schema") or value.get("schema")
    annotations = plain(value.get("annotations"))
    return Spec(
        name or "tool",
        value.path,
        value.line,
        "javascript",
        _text(value.get("description")),
        described,
        value.get("outputSchema"),
        annotations if isinstance(annotations, dict) else {},
        handlers,
        texts=tuple(text for text in (_text(value.get("title")),) if text),
    )


def _positional(made: Made) -> Spec | None:
    """``tool(name, description, schema, handler, {annotations})``."""
    given = made.args()
    name = _text(given[0]) if given else None
    if not name:
        return None
    extras = plain(given[4]) if len(given) > 4 else None
    annotations = extras.get("annotations") if isinstance(extras, dict) else None
    return Spec(
        name,
        made.path,
        made.line,
        "claude-agent-sdk",
        _text(made.arg(1)),
        made.arg(2),
        None,
        annotations if isinstance(annotations, dict) else {},
        [one for one in walk(made.arg(3)) if isinstance(one, FunctionV)],
    )


def _configured(made: Made) -> Spec | None:
    """``ai.defineTool({name, description, inputSchema}, handler)`` of Genkit."""
    config = made.arg(0)
    name = _text(config.get("name")) if isinstance(config, DictV) else None
    if not isinstance(config, DictV) or not name:
        return None
    return Spec(
        name,
        made.path,
        made.line,
        "genkit",
        _text(config.get("description")),
        config.get("inputSchema"),
        config.get("outputSchema"),
        handlers=[one for one in walk(made.arg(1)) if isinstance(one, FunctionV)],
    )


def _function_first(program: Program, made: Made, framework: str, key: str) -> Spec:
    """``tool(function, {name, description, schema})``."""
    handlers = [one for one in walk(made.arg(0)) if isinstance(one, FunctionV)]
    name = _text(program.option(made, "name", 1)) or key or made.call.hint or program.variable(made)
    return Spec(
        name,
        made.path,
        made.line,
        framework,
        _text(program.option(made, "description", 1)),
        program.option(made, "schema", 1) or program.option(made, "parameters", 1),
        handlers=handlers,
    )


# --------------------------------------------------------------------------------------------------------------------------------


def tool_key(program: Program, spec: Spec) -> NodeKey:
    """The node of a tool that is defined in the tree."""
    return "Tool", f"tool:{program.place(spec.path)}#{redact(spec.name[:200])}"


def tool_facts(program: Program, spec: Spec, key: NodeKey, user: NodeKey | None = None) -> Iterator[Fact]:
    """The tool's node with what its definition and its body say, and the agents it runs; ``user`` delegates to those."""
    props: Props = {
        "name": redact(spec.name[:200]),
        "kind_detail": f"{spec.framework} tool" if spec.framework != "mcp" else "mcp tool",
        "environment": environment_of(spec.path or program.root),
        "sources": [program.source(spec.path, spec.line)],
        **tool_props(spec.name, spec.description, schema(spec.input), schema(spec.output), spec.annotations, spec.texts),
    }
    hints = [*props.get("hints", []), *name_hints(spec.name), *(["needsApproval=true"] if spec.approval else [])]
    if hints:
        props["hints"] = hints
    effects: set[str] = set()
    complete, untrusted = bool(spec.handlers), False
    edges: list[Fact] = []
    for handler in spec.handlers:
        body = body_of(program, handler)
        effects |= body.effects
        untrusted = untrusted or body.untrusted
        complete = complete and body.complete
        edges.extend(body_facts(program, key, body))
        for actor, path, line in body.agents:
            at = Unknown(path, line, "")
            if actor.key[0] == "Agent":
                edges.append(program.edge("CALLS_BACK", key, actor.key, at))
            if user is not None and user != actor.key:
                edges.append(program.edge("DELEGATES_TO", user, actor.key, at, mode="invoke", kind_detail="agent_as_tool"))
    if effects or complete:
        props["effects"] = sorted(effects)
    if untrusted:
        props["ingests_untrusted"] = True
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    yield from edges


def uses_tools(program: Program, actor: Actor, value: Value | None, *, what: str = "tools") -> Iterator[Fact]:
    """USES for every tool in ``value``, CONNECTS_TO for MCP servers, DELEGATES_TO for agents among them, and a problem for each value that
    could not be followed."""
    for key, one in tool_entries(value):
        yield from _use(program, actor, key, one, value or one, what)


def tool_entries(value: Value | None) -> Iterator[tuple[str, Value]]:
    """Like ``entries``, but objects that are tools stay whole."""
    stack: list[tuple[str, Value]] = [("", value)] if value is not None else []
    while stack:
        key, one = stack.pop()
        inner = one.get("function") if isinstance(one, DictV) and _text(one.get("type")) == "function" else None
        if isinstance(inner, DictV):  # as data for a provider
            stack.append((key, inner))
        elif isinstance(one, DictV) and not _is_tool(one) and hosted_id(one) is None:
            stack.extend(("", item) for item in reversed(one.rest))
            stack.extend(reversed(one.items))
        elif isinstance(one, DictV):
            yield key, one
        elif isinstance(one, ListV):
            stack.extend((key, item) for item in reversed(one.items))
        elif isinstance(one, Either):
            stack.extend((key, option) for option in reversed(one.values))
        elif not isinstance(one, Const) or isinstance(one.value, str):
            yield key, one


def _use(  # noqa: PLR0911 - one case per kind of tool
    program: Program, actor: Actor, key: str, value: Value, at: Value, what: str
) -> Iterator[Fact]:
    if isinstance(value, Made) and value.within("agents") and value.symbol == "agentTool":
        value = value.arg(0) or value  # a class of Cloudflare's
    found = program.actor(value)
    if found is not None:
        if found.key != actor.key:
            yield program.edge("DELEGATES_TO", actor.key, found.key, at, mode="invoke", kind_detail="agent_as_tool")
        return
    if isinstance(value, FunctionV):
        yield from _from_function(program, actor, value, at, what)
        return
    spec = spec_of(program, value, key)
    if spec is not None:
        tool = tool_key(program, spec)
        yield from tool_facts(program, spec, tool, actor.key)
        edge = program.edge("USES", actor.key, tool, at)
        yield from asked(edge) if spec.asks else (edge,)
        return
    if isinstance(value, (Made, External, Bound, DictV)):
        client = value.root() if isinstance(value, Made) else None
        if isinstance(client, Made) and is_client(client):
            yield from connects(program, actor, client)
            return
        hosted = hosted_id(value)
        if hosted is not None:
            yield from hosted_facts(program, actor, hosted, value)
            return
        if isinstance(value, Made) and value.package and value.receiver is None:
            yield from _foreign(program, actor, value)
            return
    if isinstance(value, Const) and isinstance(value.value, str):
        yield from program.problem(value, f"{what} of {actor.name!r} name a tool that is looked up when it runs")
        return
    yield from program.problem(value, f"one of the {what} of {actor.name!r} could not be followed: {why(value)}")


def _from_function(program: Program, actor: Actor, value: FunctionV, at: Value, what: str) -> Iterator[Fact]:
    """Tools that a function gives when it is asked for them."""
    for expr in value.function.returns:
        for key, one in tool_entries(program.value(expr, value.index, value.frame)):
            if not isinstance(one, FunctionV):
                yield from _use(program, actor, key, one, at, what)


def hosted_facts(program: Program, actor: Actor, name: str, at: Value) -> Iterator[Fact]:
    """A tool that a provider brings along: the same node for everybody."""
    tool: NodeKey = ("Tool", name)
    effects, untrusted = HOSTED_EFFECTS.get(name.partition(":")[2], (None, None))
    props: Props = {"name": name.partition(":")[2], "kind_detail": "hosted tool", "sources": [program.source(at.path, at.line)]}
    if effects is not None:
        props["effects"] = sorted(effects)
    if untrusted:
        props["ingests_untrusted"] = True
    yield NodeFact(*tool, props)
    edge = program.edge("USES", actor.key, tool, at)
    settings = [program.option(at, one) for one in FLAGS] if isinstance(at, Made) else []
    yield from asked(edge) if any(isinstance(one, Const) and one.value is True for one in settings) else (edge,)


def _foreign(program: Program, actor: Actor, value: Made) -> Iterator[Fact]:
    """A tool that a package brings along: by package and name."""
    package = "/".join(value.package.split("/")[: 2 if value.package.startswith("@") else 1])
    name = value.symbol
    stated = program.option(value, "name")
    tool: NodeKey = ("Tool", f"npm:{package}#{name}")
    props: Props = {"name": _text(stated) or name, "kind_detail": f"tool of {package}", "sources": [program.source(value.path, value.line)]}
    yield NodeFact(*tool, props)
    yield program.edge("USES", actor.key, tool, value)
    for argument in value.args():
        for _, one in entries(argument):
            yield from secrets_of(program, actor.key, one)


def secrets_of(program: Program, holder: NodeKey, value: Value) -> Iterator[Fact]:
    """Credentials in one value: literal ones, and variables by name."""
    body = Body()
    body.given([value])
    yield from body_facts(program, holder, body)
