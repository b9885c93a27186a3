"""Facts about what a program declares: tools, delegations, servers, models, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.asking import ALWAYS, FLAGS, asked
from graphinv.ingest.support.connectors import connector_facts, connector_of
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.actors import Actor, Declarations, Hosted
from graphinv.ingest.support.python.library import library_tool
from graphinv.ingest.support.python.objects import class_attribute
from graphinv.ingest.support.python.provider_tools import provider_tool
from graphinv.ingest.support.python.servers import entry_of, server_name
from graphinv.ingest.support.python.temporal import behind, is_handle
from graphinv.ingest.support.python.tools import tool_facts
from graphinv.ingest.support.python.values import (
    PICKED,
    Bound,
    ClassV,
    Const,
    DictV,
    EnvVar,
    External,
    FunctionV,
    Made,
    ModuleV,
    Partial,
    Unknown,
    Value,
    walk,
)
from graphinv.ingest.support.python.vaults import fetched
from graphinv.ingest.support.secret_words import looks_connection_name, looks_secret_name
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.words import names
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

WRAPPED = (
    "func",
    "function",
    "fn",
    "f",
    "coroutine",
    "async_fn",
    "callback",
    "python_function",
    "entrypoint",
    "tool",
    "callable",
    "on_invoke_tool",
    "pipeline",
)
"""Arguments by which tool classes take the function, or the pipeline, that they wrap."""
SCHEMAS = ("parameters", "input_schema", "params_json_schema", "inputs")
"""Arguments by which what only describes a tool takes the schema of its arguments."""
NAMES = ("name", "name_override", "tool_name", "name_or_callable")
MAX_NAME = 120
PICKED_TOOL = 0.4
"""How sure it is that a condition lets a certain tool of a server through: most are shut out, or there would be none."""


# --------------------------------------------------------------------------------------------------------------------------------
# Tools


def uses_tool(
    program: Declarations, actor: Actor, value: Value, hosted: Mapping[str, Hosted], packages: tuple[str, ...], what: str
) -> Iterator[Fact]:
    """What ``actor`` is given with one value of its list of tools."""
    picked = False
    while isinstance(value, Bound) and value.attr.startswith("["):
        picked = picked or value.attr == PICKED
        value = value.receiver  # one of what a call returned: which, is known only when it runs
    brought = _hosted(value, hosted, packages)
    if brought is not None:
        yield from hosted_tool(program, actor, value, brought)
        return
    other = program.actor(value)
    if other is not None:
        yield from delegates(program, actor, value, "invoke", "agent_as_tool", what)
        return
    if is_handle(value):
        servers = list(connects(program, actor, value))
        yield from servers
        if not servers:
            yield from program.problem(value, f"{what} of {actor.name!r} are not all known: no worker of this tree starts the server")
        return
    if entry_of(value) is not None:
        connected = connects(program, actor, value)
        yield from _some(program, actor, value, connected) if picked else connected
        return
    if isinstance(value, (Unknown, EnvVar)):
        reason = value.reason if isinstance(value, Unknown) else f"the environment variable {value.name} says which"
        yield from program.problem(value, f"{what} of {actor.name!r} are not all known: {reason}")
        return
    if isinstance(value, Const):
        yield from program.problem(value, f"{what} of {actor.name!r} hold a text that names no tool of the tree")
        return
    key, facts = tool(program, value, None)
    yield from facts
    if key is not None:
        edge = program.edge("USES", actor.key, key, value, sources=[program.cited(actor, value)])
        yield from asked(edge) if asks(program, value) else (edge,)
    elif not facts:
        yield from program.problem(value, f"{what} of {actor.name!r} hold something that is no known tool")


def _some(program: Declarations, actor: Actor, value: Value, facts: Iterable[Fact]) -> Iterator[Fact]:
    """``facts`` where a condition picks which of a server's tools ``actor`` is given."""
    for fact in facts:
        if isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO":
            guessed: Props = {"evidence": ["inferred"], "confidence": PICKED_TOOL}
            yield EdgeFact(fact.kind, fact.source, fact.target, {**fact.props, **guessed})
        else:
            yield fact
    message = f"which tools of the server that {actor.name!r} is given a condition lets through is not known"
    yield from program.problem(value, message, "note")


def asks(program: Declarations, value: Value) -> bool:
    """Whether a tool says, where it is made or decorated, that somebody is asked before each call."""
    made = program.decorators(value) if isinstance(value, FunctionV) else [value]
    for one in made:
        if isinstance(one, Made):
            stated = [one.arg(name) for name in FLAGS]
            mode = one.arg("approval_mode")
            if any(isinstance(flag, Const) and flag.value is True for flag in stated) or (mode is not None and mode.text() in ALWAYS):
                return True
    return False


def _hosted(value: Value, hosted: Mapping[str, Hosted], packages: tuple[str, ...]) -> Hosted | None:
    if isinstance(value, DictV):
        kind = value.get("type")
        return provider_tool(kind.text() or "") if kind is not None else None
    if isinstance(value, (Made, External)):
        dotted = value.callee if isinstance(value, Made) else value.dotted
        if not (packages and not value.within(*packages)):
            return hosted.get(dotted) or hosted.get(value.symbol)
    return None


def hosted_tool(program: Declarations, actor: Actor, at: Value, brought: Hosted) -> Iterator[Fact]:
    """A tool that a framework or provider brings along, and its use."""
    props: Props = {"name": brought.name, "kind_detail": "hosted tool", "sources": [program.source(at)]}
    if brought.effects:
        props["effects"] = list(brought.effects)
    if brought.untrusted is not None:
        props["ingests_untrusted"] = brought.untrusted
    yield NodeFact("Tool", brought.id, props)
    edge = program.edge("USES", actor.key, ("Tool", brought.id), at, sources=[program.cited(actor, at)])
    yield from asked(edge) if asks(program, at) else (edge,)
    if isinstance(at, Made):
        yield from given_secrets(program, ("Tool", brought.id), at)


def tool(program: Declarations, value: Value, name: str | None) -> tuple[NodeKey | None, list[Fact]]:
    """See :meth:`Program.tool`."""
    while isinstance(value, Partial):
        value = value.target
    if isinstance(value, Bound) and isinstance(value.receiver, (FunctionV, ClassV)):
        value = value.receiver  # a method of the tool object that a decorator made
    if isinstance(value, FunctionV):
        return _own(program, value, name or _decorated_name(program, value) or value.name, "python function")
    if isinstance(value, ClassV):
        return _own(program, value, name or _class_name(program, value) or value.name, "python tool class")
    if isinstance(value, Made):
        return _made_tool(program, value, name)
    if isinstance(value, Bound):
        return _method_tool(program, value, name)
    if isinstance(value, External) and not value.dotted.startswith("builtins."):
        return _library(program, value, value.dotted, name)
    if isinstance(value, DictV):
        inner = value.get("function") or value.get("toolSpec")
        stated = (inner.get("name") if isinstance(inner, DictV) else None) or value.get("name") or value.get("type")
        text = stated.text() if stated is not None else None
        return _own(program, value, name or text, "tool definition") if text or name else (None, [])
    return None, []


def _made_tool(program: Declarations, value: Made, name: str | None) -> tuple[NodeKey | None, list[Fact]]:
    stated = name or _stated_name(value)
    if value.cls is not None:
        function = next((one for name in WRAPPED for one in program.items(value.arg(name)) if isinstance(one, FunctionV)), None)
        if function is not None:
            return tool(program, function, stated)
        text = stated or _class_name(program, value.cls) or value.cls.name
        return _own(program, value.cls, text, "python tool class", value)
    for wrapped in _wrapped(value):
        if isinstance(wrapped, (FunctionV, ClassV)):
            return tool(program, wrapped, stated)
        if isinstance(wrapped, Bound) and isinstance(wrapped.receiver, Made) and stated is None:
            return tool(program, wrapped, None)
    if stated is not None and any(value.arg(one) is not None for one in (*WRAPPED, *SCHEMAS)):
        return _own(program, value, stated, "tool definition")
    root = value.root()
    if isinstance(root, Made) and root is not value:
        if root.cls is not None:
            return _own(program, root.cls, name or root.cls.name, "python tool class", root)
        key, facts = _library(program, value, root.callee, name)
        return key, facts + (list(given_secrets(program, key, root)) if key is not None else [])
    if not value.callee:
        return None, []
    key, facts = _library(program, value, value.callee, None)
    return key, facts + (list(given_secrets(program, key, value)) if key is not None else [])


def _wrapped(value: Made) -> Iterator[Value]:
    for one in (*(value.arg(name) for name in WRAPPED), value.passed("", 0), value.passed("", 1)):
        if one is not None:
            yield from (option for option in one.options() if isinstance(option, (FunctionV, ClassV, Bound)))


def _stated_name(value: Made) -> str | None:
    for name in NAMES:
        stated = value.arg(name)
        text = stated.text() if stated is not None else None
        if text:
            return text[:MAX_NAME]
    return None


def _decorated_name(program: Declarations, function: FunctionV) -> str | None:
    """The name that a decorator gives: ``@tool("search")``, ``@function_tool(name_override="search")``."""
    for decorator in program.decorators(function):
        if isinstance(decorator, Made):
            stated = _stated_name(decorator)
            first = decorator.passed("", 0)
            text = stated or (first.text() if first is not None else None)
            if text and re.fullmatch(r"[\w .:/-]{1,120}", text) and "tool" in decorator.callee.lower():
                return text
    return None


def _class_name(program: Declarations, cls: ClassV) -> str | None:
    stated = class_attribute(program.ev, cls, "name", None)
    return (stated.text() or None) if stated is not None else None


def _method_tool(program: Declarations, value: Bound, name: str | None) -> tuple[NodeKey | None, list[Fact]]:
    if isinstance(value.receiver, Made) and value.receiver.cls is None and value.receiver.callee:
        return _library(program, value, f"{value.receiver.callee}.{value.attr}", name)
    if isinstance(value.receiver, Bound) and value.receiver.attr.startswith("["):
        return None, []  # a part of something that is known only when it runs
    return _own(program, value, name or value.attr, "method")


def _own(program: Declarations, at: Value, name: str | None, detail: str, made: Made | None = None) -> tuple[NodeKey | None, list[Fact]]:
    """A tool that the tree itself defines."""
    name = " ".join((name or "").split())[:MAX_NAME]
    if not name:
        return None, []
    key: NodeKey = ("Tool", f"tool:{program.place(at)}#{name}")
    props: Props = {
        "name": name,
        "kind_detail": detail,
        "environment": program.environment(at.module.path),
        "sources": [program.source(at)],
    }
    facts: list[Fact] = [NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})]
    if isinstance(at, (FunctionV, ClassV)) and key not in program.told_tools:
        program.told_tools.add(key)
        facts.extend(tool_facts(program, at, key))
    if made is not None:
        facts.extend(given_secrets(program, key, made))
    return key, facts


def _library(program: Declarations, at: Value, dotted: str, name: str | None) -> tuple[NodeKey | None, list[Fact]]:
    """A tool that a library outside of the tree brings along: the same node for everybody who uses it; none where the program loads modules
    by name."""
    if dotted.startswith("importlib."):
        return None, []
    known = library_tool(dotted)
    key: NodeKey = ("Tool", known.id)
    props: Props = {"name": name or known.name, "kind_detail": "library tool", "sources": [program.source(at)]}
    if known.effects:
        props["effects"] = list(known.effects)
    if known.untrusted is not None:
        props["ingests_untrusted"] = known.untrusted
    return key, [NodeFact(*key, props)]


# --------------------------------------------------------------------------------------------------------------------------------
# Delegation


def delegates(program: Declarations, actor: Actor, value: Value, mode: str, detail: str, what: str) -> Iterator[Fact]:
    """DELEGATES_TO from ``actor`` to the agent that ``value`` is."""
    other = program.actor(value)
    if other is not None:
        if other is not actor or detail.endswith("edge"):
            sources = [program.cited(actor, value)]
            yield program.edge("DELEGATES_TO", actor.key, other.key, value, mode=mode, kind_detail=detail, sources=sources)
        return
    if isinstance(value, Made) and value.callee == "builtins.object":
        return  # stands for "not given"
    if isinstance(value, Unknown):
        reason = value.reason
    elif isinstance(value, (External, ModuleV)):
        reason = "it comes from outside of the tree"
    elif isinstance(value, EnvVar):
        reason = f"the environment variable {value.name} says which"
    else:
        reason = "it is no agent that is known here"
    yield from program.problem(value, f"{what} of {actor.name!r} are not all known: {reason}")


# --------------------------------------------------------------------------------------------------------------------------------
# Servers


def connects(program: Declarations, actor: Actor, value: Value) -> Iterator[Fact]:
    """CONNECTS_TO for an MCP server object."""
    for server in behind(program, value):
        for name, entry, at, secrets in entry_of(server) or ():
            yield from connects_entry(program, actor, name, entry, at, secrets)


def connects_entry(
    program: Declarations, actor: Actor, name: str, entry: dict[str, Any], at: Value, secrets: list[NodeFact]
) -> Iterator[Fact]:
    """The same for one entry in the shape that configuration files have."""
    document = Document(program.root, at.module.path, b"", _no_fingerprint)
    connector = connector_of(entry)
    if connector is not None:
        yield from connector_facts(connector, actor.key, entry, document, at.line)
        return
    label = name or server_name(program.variable(at), at, entry)
    if not (entry.get("command") or entry.get("url")):
        key: NodeKey = ("ToolServer", f"mcp:{program.root}/{at.module.path}#{label}")
        yield NodeFact(*key, {"name": label, "protocol": "mcp", "sources": [program.source(at)]})
        yield program.edge("CONNECTS_TO", actor.key, key, at)
        yield from program.problem(at, f"what the MCP server {label!r} of {actor.name!r} is started from is not known")
        return
    target: NodeKey | None = None
    facts = server_facts(
        document, client=actor.framework, host=actor.key, name=label, entry=entry, where=lambda *_: at.line, folder=document.folder
    )
    environment = program.environment(at.module.path)
    for fact in facts:
        if isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO" and entry.get("require_approval") in ALWAYS:
            yield from asked(fact)
        elif isinstance(fact, NodeFact) and fact.kind == "ToolServer":
            target = fact.key
            yield NodeFact(fact.kind, fact.id, {**fact.props, "environment": environment} if environment else fact.props)
        else:
            yield fact
    holder = actor.key if "url" in entry or target is None else target
    for secret in secrets:
        yield secret
        yield EdgeFact("HOLDS", holder, secret.key, {"place": "repo", "evidence": ["declared"], "sources": list(secret.props["sources"])})


def _no_fingerprint(value: str) -> str:
    # Literal credentials were taken out when the document was summarised; what looks like one now is a leftover of that.
    return "0" * 32


# --------------------------------------------------------------------------------------------------------------------------------
# Models, credentials, memory

_MODEL_ARGS = ("model", "model_name", "model_id", "deployment_name", "azure_deployment", "model_client", "repo_id")
_CLIENT_ARGS = ("client", "openai_client", "async_client", "anthropic_client", "custom_client", "model_client", "provider", "service")
_NO_MODEL = re.compile(r"^[^\w@]|[\s{}…]")
_PROVIDERS = names(
    "anthropic azure azure_openai bedrock cohere deepseek gemini google groq huggingface mistral ollama openai openrouter vertex"
)
"""What is asked for a model of a provider by these alone (``get_model("openai")``); as ``model=`` some of them are models of their own."""
MAX_HELD = 200
"""Values in one argument that are asked for credentials."""
MAX_CLIENTS = 3
"""Clients of clients whose credentials are looked for."""


def uses_model(program: Declarations, actor: Actor, value: Value) -> Iterator[Fact]:
    """USES_MODEL for a model's name, or an object that is made with one."""
    text = value.text()
    if isinstance(value, Made) and value.symbol == "get":
        default = value.passed("default", 1)  # what is looked up is no model's name
        if default is not None:
            yield from uses_model(program, actor, default)
    elif isinstance(value, Made):
        for position, name in enumerate(_MODEL_ARGS):
            inner = value.arg(name, 0 if position == 0 else None)
            for option in walk(inner):
                if isinstance(option, Made) and option is not value and option.key != value.key:
                    yield from uses_model(program, actor, option)
                elif (option.text() or "").lower() not in _PROVIDERS or value.arg(name) is not None:
                    yield from _model(program, actor, option, option.text())
        yield from _client_secrets(program, actor.key, value)
    elif text is not None:
        yield from _model(program, actor, value, text)


def _client_secrets(program: Declarations, holder: NodeKey, made: Made, depth: int = 0) -> Iterator[Fact]:
    """HOLDS for the credentials of a model's object, and of the client that it is given."""
    yield from given_secrets(program, holder, made)
    for name in _CLIENT_ARGS if depth < MAX_CLIENTS else ():
        for client in walk(made.arg(name)):
            if isinstance(client, Made) and client.key != made.key:
                yield from _client_secrets(program, holder, client, depth + 1)


def _model(program: Declarations, actor: Actor, at: Value, text: str | None) -> Iterator[Fact]:
    if not text or len(text) > MAX_NAME or _NO_MODEL.search(text) or "://" in text:
        return
    yield NodeFact("Model", text, {"name": text, "sources": [program.source(at)]})
    yield program.edge("USES_MODEL", actor.key, ("Model", text), at)


def given_secrets(program: Declarations, holder: NodeKey, made: Made) -> Iterator[Fact]:
    """HOLDS for the credentials among the arguments of what was made."""
    for name, argument in (*(("", one) for one in made.call.args), *made.call.kwargs):
        if not isinstance(argument, (ir.Function, ir.Comp)):
            yield from holds(program, holder, program.ev.evaluate(argument, made.scope), name or "")


def holds(program: Declarations, holder: NodeKey, value: Value, key: str) -> Iterator[Fact]:
    """HOLDS for literal credentials in ``value``, and for environment variables whose name, or ``key``, asks for one."""
    pairs = [(key, value)]
    for place in range(MAX_HELD):
        if place == len(pairs):
            return
        label, one = pairs[place]
        for option in one.options():
            if isinstance(option, DictV):
                pairs.extend((str(inner.value) if isinstance(inner, Const) else label, item) for inner, item in option.items)
            elif isinstance(option, Const):
                for secret in option.secrets:
                    yield secret
                    sources = list(secret.props["sources"])
                    yield EdgeFact("HOLDS", holder, secret.key, {"place": "repo", "evidence": ["declared"], "sources": sources})
            elif isinstance(option, (Made, Bound)) and (kept := fetched(option, program.root)) is not None:
                sources = [program.source(option)]
                yield NodeFact(*kept.key, {**kept.props, "sources": sources})
                yield EdgeFact("HOLDS", holder, kept.key, {"place": "vault", "evidence": ["declared"], "sources": sources})
            elif isinstance(option, EnvVar) and _opens_something(option.name, label):
                if isinstance(option.default, Const):
                    pairs.append((label, option.default))
                target = Ref("Secret", "env", option.name, fallback=f"env:{program.root}#{option.name}")
                sources = [program.source(option)]
                yield EdgeFact("HOLDS", holder, target, {"place": "env", "evidence": ["declared"], "sources": sources})


def _opens_something(variable: str, label: str) -> bool:
    """Whether a variable that is given under some name is a credential, or an address that as a rule carries one."""
    return looks_secret_name(variable) or looks_secret_name(label) or looks_connection_name(variable)


def memory(program: Declarations, actor: Actor, value: Value, scope: str | None) -> Iterator[Fact]:
    """READS and WRITES of a memory: a saver, store or session object."""
    if not isinstance(value, Made):
        return
    name = program.variable(value) or value.symbol
    yield from own_memory(program, actor, value, name, scope, value.callee)
    yield from given_secrets(program, actor.key, value)


def own_memory(program: Declarations, actor: Actor, at: Value, name: str, scope: str | None, detail: str = "") -> Iterator[Fact]:
    """READS and WRITES of a memory of that name."""
    key: NodeKey = ("Memory", f"memory:{program.place(at)}#{name}")
    props: Props = {"name": name, "kind_detail": detail or None, "scope": scope, "sources": [program.source(at)]}
    props["environment"] = program.environment(at.module.path)
    yield NodeFact(*key, {prop: one for prop, one in props.items() if one is not None})
    yield program.edge("READS", actor.key, key, at)
    yield program.edge("WRITES", actor.key, key, at)
