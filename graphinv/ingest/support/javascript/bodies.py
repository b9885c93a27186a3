"""What a function of the tree does when it is called: effects of the calls in its body and in the functions of the tree that it calls, the
credentials it reads, the hosts, databases and buckets it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.effects import ANY_SQL, Action, actions_of, aws_action, call_action, http_action, open_action, sql_action
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.calling import LOOKUPS
from graphinv.ingest.support.javascript.program import Actor, Program, is_unread
from graphinv.ingest.support.javascript.values import Bound, Const, DictV, EnvVar, External, Frame, FunctionV, Made, Value
from graphinv.ingest.support.secret_words import looks_connection_name
from graphinv.ingest.support.secrets import looks_secret_name
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Ref

MAX_FUNCTIONS = 60
"""Functions of the tree that are followed from one tool."""
_URL = re.compile(r"https?://([A-Za-z0-9.-]+)(?::\d+)?(?=[/?#]|$|\{)")
_RUNS = frozenset(
    {"generate", "stream", "invoke", "run", "generateVNext", "streamVNext", "generateLegacy", "streamLegacy", "network", "asTool"}
)


@dataclass
class Body:
    """``complete`` is false where some call is in no table: then an empty set of effects does not mean harmless."""

    effects: set[str] = field(default_factory=set)
    untrusted: bool = False
    secrets: list[tuple[str, str, int]] = field(default_factory=list)
    """(variable, path, line)"""
    literals: list[Fact] = field(default_factory=list)
    hosts: dict[str, tuple[set[str], str, int]] = field(default_factory=dict)
    buckets: dict[str, tuple[set[str], str, int]] = field(default_factory=dict)
    addresses: list[tuple[str, str, int]] = field(default_factory=list)
    agents: list[tuple[Actor, str, int]] = field(default_factory=list)
    complete: bool = True

    def given(self, values: list[Value]) -> None:
        """Notes credentials, variables and addresses among values that are passed somewhere."""
        for value in values:
            for one in value.options():
                if isinstance(one, EnvVar):
                    self.secrets.append((one.name, one.path, one.line))
                elif isinstance(one, Const):
                    self.literals.extend(one.secrets)
                    if isinstance(one.value, str) and not one.complete:
                        self.secrets.extend((name, one.path, one.line) for name in re.findall(r"\$\{([A-Z][A-Z0-9_]+)\}", one.value))
                    if isinstance(one.value, str) and "://" in one.value[:30] and not one.value.startswith("http"):
                        self.addresses.append((one.value, one.path, one.line))


def body_of(program: Program, function: FunctionV) -> Body:
    """What calling ``function`` does."""
    body = Body()
    seen: set[tuple[object, ...]] = set()
    work = [(function.module, function.index, function.frame)]
    while work and len(seen) < MAX_FUNCTIONS:
        module, top, frame = work.pop()
        for index in program.nested(module, top):
            key = (module.path, index, *frame.key)
            if key in seen:
                continue
            seen.add(key)
            inside = module.functions[index]
            body.secrets.extend((one.name, module.path, one.line) for one in inside.envs)
            for call in inside.calls:
                for callee in program.value(call.func, index, frame).options():
                    if isinstance(callee, FunctionV):
                        program.value(call, index, frame)
                        inner = program.frame_of(callee, call, frame)
                        work.append((callee.module, callee.index, inner))
                    else:
                        _call(program, body, callee, call, index, frame)
                _literals(program, body, call, index, frame)
    return body


def path_of(program: Program, callee: Value, func: ir.Expr) -> str:
    """The path of what is called, as the tables of effects name it."""
    names: list[str] = []
    while isinstance(callee, Bound):
        names.append(callee.attr)
        callee = callee.receiver
    if isinstance(callee, External):
        return ".".join([callee.dotted, *reversed(names)])
    if isinstance(callee, Made) and callee.callee and not program.actor(callee):
        return ".".join([callee.callee, *reversed(names)])
    if isinstance(func, ir.Attr):
        return f"?.{func.attr}"
    return ""


def _call(program: Program, body: Body, callee: Value, call: ir.Call, function: int, frame: Frame) -> None:
    made = program.value(call, function, frame)
    _agents(program, body, callee, call, made, frame.module.path)
    for holder in (made, callee.receiver if isinstance(callee, Bound) else None):
        root = holder.root() if isinstance(holder, Made) else None
        if isinstance(root, Made) and root.receiver is None:
            _clients(program, body, root)
    path = path_of(program, callee, call.func)
    if call.new and path in ("Function",):
        path = "new_Function"
    action = call_action(path, "javascript") if path else None
    if action is None:
        body.complete = body.complete and not path
        return
    arguments = program.arguments(call, function, frame)
    exact = _exact(action, path, arguments)
    body.effects |= exact.effects
    body.untrusted = body.untrusted or exact.untrusted
    if action.refine == "http" or "egress" in exact.effects:
        for host in _hosts(arguments[:1]):
            known = body.hosts.setdefault(host, (set(), frame.module.path, call.line))
            known[0].update(exact.effects - {"egress"})
    if path.startswith("@aws-sdk/client-s3.") and arguments and isinstance(arguments[0], DictV):
        bucket = arguments[0].get("Bucket")
        name = bucket.text() if bucket is not None else None
        if name and re.fullmatch(r"[a-z0-9.-]{3,63}", name):
            body.buckets.setdefault(name, (set(), frame.module.path, call.line))[0].update(exact.effects)


def _exact(action: Action, path: str, arguments: tuple[Value, ...]) -> Action:
    first = arguments[0] if arguments else None
    if action.refine == "http":
        method: str | None = action.method
        if method == "*":
            method = _method(arguments)
        address = first.value if isinstance(first, Const) and isinstance(first.value, str) else ""
        return http_action(method, next(iter(_hosts(arguments[:1])), None), address)
    if action.refine == "sql":
        if isinstance(first, DictV):
            first = first.get("text") or first.get("sql") or first.get("query")
        if isinstance(first, Const) and isinstance(first.value, str):
            return sql_action(first.value) or Action()
        return ANY_SQL if first is not None else Action()
    if action.refine == "open":
        return open_action(arguments[1].text() if len(arguments) > 1 else None)
    if action.refine == "aws":
        return aws_action(path.rpartition(".")[2]) or Action(frozenset({"egress"}))
    return action


def _method(arguments: tuple[Value, ...]) -> str | None:
    """Method of ``fetch(url, {method})`` and ``axios({method, url})``; None where it is known only when it runs."""
    for argument in arguments[:2]:
        if isinstance(argument, DictV):
            stated = argument.get("method")
            if stated is not None:
                return stated.text()
            return None if argument.rest else "GET"
    if len(arguments) > 1 and not isinstance(arguments[1], (Const, FunctionV)):
        return None
    return "GET"


def _hosts(arguments: tuple[Value, ...]) -> list[str]:
    found: list[str] = []
    for argument in arguments:
        for one in argument.options():
            given = one.get("url") or one.get("baseURL") if isinstance(one, DictV) else one
            if isinstance(given, Made) and given.callee == "URL":
                given = given.arg(0)
            text = given.value if isinstance(given, Const) else None
            match = _URL.match(text) if isinstance(text, str) else None
            if match:
                found.append(match[1].lower())
    return found


def _literals(program: Program, body: Body, call: ir.Call, function: int, frame: Frame) -> None:
    """Credentials and variables in the arguments themselves."""
    for argument in program.arguments(call, function, frame):
        if isinstance(argument, (Const, EnvVar)):
            given: list[Value] = [argument]
        elif isinstance(argument, DictV):
            given = [value for _, value in argument.items]
            given += [inner for value in given if isinstance(value, DictV) for _, inner in value.items]
        else:
            continue
        body.given(given)


def _clients(program: Program, body: Body, made: Made) -> None:
    """What a client object outside of the function was made with: ``new Stripe(process.env.KEY)``."""
    if program.actor(made) is not None:
        return
    for argument in made.args():
        values = [argument]
        if isinstance(argument, DictV):
            values = [value for _, value in argument.items]
            values += [inner for value in values if isinstance(value, DictV) for _, inner in value.items]
        body.given(values)


def _agents(program: Program, body: Body, callee: Value, call: ir.Call, made: Value, path: str) -> None:
    """Agents that a body runs."""
    if isinstance(callee, Bound) and callee.attr in _RUNS:
        receiver = callee.receiver
        if isinstance(receiver, Made) and receiver.callee.removeprefix("?.") in LOOKUPS:
            body.agents.extend((actor, path, call.line) for actor in program.looked_up(receiver))
            return
        actor = program.actor(receiver)
        if actor is not None:
            body.agents.append((actor, path, call.line))
    elif isinstance(made, Made) and made.receiver is None:
        actor = program.actor(made)
        runner = made.symbol in ("run", "query", "generateText", "streamText")
        if actor is None and made.symbol == "run" and made.within("@openai/agents", "@openai/agents-core"):
            actor = program.actor(made.arg(0))
        if actor is not None and runner:
            body.agents.append((actor, path, call.line))


def body_facts(program: Program, holder: NodeKey, body: Body) -> Iterator[Fact]:
    """The facts about a tool whose body is known: its effects are properties of its node, the rest edges."""
    names: dict[str, tuple[str, int]] = {}
    for name, path, line in body.secrets:
        if looks_secret_name(name) or looks_connection_name(name):
            names.setdefault(name, (path, line))
    for name, (path, line) in names.items():
        target = Ref("Secret", "env", name, fallback=f"env:{program.root}#{name}")
        yield EdgeFact("HOLDS", holder, target, {"evidence": ["declared"], "place": "env", "sources": [program.source(path, line)]})
    for fact in body.literals:
        yield held_by(fact, holder)
    if holder[0] != "Tool":
        return
    for host, (effects, path, line) in body.hosts.items():
        if is_here(host):
            continue
        resource: NodeKey = ("Resource", f"https://{host}")
        sources = [program.source(path, line)]
        yield NodeFact(*resource, {"name": host, "type": "api", "external": not is_internal(host), "sources": sources})
        yield EdgeFact(
            "CAN_ACCESS", holder, resource, {"actions": actions_of(effects) or ["read"], "evidence": ["declared"], "sources": sources}
        )
    for bucket, (effects, path, line) in body.buckets.items():
        resource = ("Resource", f"arn:aws:s3:::{bucket}")
        sources = [program.source(path, line)]
        yield NodeFact(*resource, {"name": bucket, "type": "bucket", "sources": sources})
        yield EdgeFact(
            "CAN_ACCESS", holder, resource, {"actions": actions_of(effects) or ["read"], "evidence": ["declared"], "sources": sources}
        )
    for address, path, line in body.addresses:
        facts = database_facts(program.document(path), line, address, holder)
        yield from (fact for fact in facts if not is_unread(fact))


def held_by(fact: Fact, holder: NodeKey) -> Fact:
    """``fact`` about a credential, with its holder in place of the stand-in."""
    if isinstance(fact, EdgeFact) and fact.source == ir.HOLDER:
        return EdgeFact(fact.kind, holder, fact.target, fact.props)
    return fact
