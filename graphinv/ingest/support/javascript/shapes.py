"""What the agents of several frameworks have in common."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.bodies import body_facts, body_of
from graphinv.ingest.support.javascript.program import Actor, Program
from graphinv.ingest.support.javascript.tools import secrets_of
from graphinv.ingest.support.javascript.values import Bound, ClassV, Const, External, FunctionV, Made, Unknown, Value, walk
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, NodeFact, NodeKey


def uses_model(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    """USES_MODEL for a model's name, or for a model object that is made with one; HOLDS for the credentials it is made with."""
    for one in walk(value):
        made = one
        while isinstance(made, Made) and made.receiver is not None:
            made = made.receiver  # model.bindTools(…), provider.chat("name")
        texts: list[str | None] = [one.text()]
        for part in (one, made):
            if isinstance(part, Made):
                options = [program.option(part, name) for name in ("model", "modelName", "modelId", "id")]
                texts += [found.text() for found in options if found is not None]
                given = part.arg(0)
                texts.append(given.text() if given is not None else None)
                for argument in part.args():
                    for inner in walk(argument):
                        yield from secrets_of(program, actor.key, inner)
        name = next((text for text in texts if text), None)
        if name:
            key: NodeKey = ("Model", redact(name.strip()[:200]))
            yield NodeFact(*key, {"name": key[1], "sources": [program.source(one.path, one.line)]})
            yield program.edge("USES_MODEL", actor.key, key, one)


def uses_memory(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    """READS and WRITES of a memory object."""
    for one in walk(value):
        if isinstance(one, Made):
            name = redact((one.call.hint if one.call.hint not in ("", "memory", "checkpointer", "store") else actor.name)[:200])
            key: NodeKey = ("Memory", f"memory:{program.place(one.path)}#{name}")
            source = [program.source(one.path, one.line)]
            yield NodeFact(*key, {"name": f"memory {name}", "kind_detail": f"{actor.framework} {one.symbol}", "sources": source})
            yield program.edge("READS", actor.key, key, one)
            yield program.edge("WRITES", actor.key, key, one)


def runs(program: Program, actor: Actor, value: Value | None, detail: str, mode: str = "invoke") -> Iterator[Fact]:
    """Delegation from ``actor`` to every agent that the functions in ``value`` run, and the credentials that those functions read."""
    for one in walk(value):
        if isinstance(one, FunctionV):
            body = body_of(program, one)
            for target, path, line in body.agents:
                if target.key != actor.key:
                    yield program.edge("DELEGATES_TO", actor.key, target.key, Unknown(path, line, ""), mode=mode, kind_detail=detail)
            yield from body_facts(program, actor.key, body)


def outside_base(program: Program, cls: ClassV) -> External | None:
    """What a class extends outside of the tree, through those in it and through what is made around one (``withVoice(Agent)``)."""
    found: Value | None = cls
    for _ in range(8):
        if isinstance(found, ClassV):
            found = program.base(found)
        elif isinstance(found, Made):
            found = found.arg(0)
        else:
            break
    return found if isinstance(found, External) else None


def class_around(made: Made) -> ClassV | None:
    """The class in whose method something is made."""
    module, index = made.frame.module, made.function
    while index > 0:
        for number, cls in enumerate(module.classes):
            if index in cls.methods.values():
                return ClassV(module.path, cls.line, module, number, made.frame)
        index = module.functions[index].parent
    return None


def is_true(value: Value | None) -> bool:
    """Whether something is said that is not false."""
    return value is not None and not (isinstance(value, Const) and not value.value)


def returned(program: Program, value: Value | None) -> list[Value]:
    """What the functions in ``value`` return, and the other values in it as they are."""
    found: list[Value] = []
    for one in walk(value):
        if isinstance(one, FunctionV):
            found.extend(program.value(expr, one.index, one.frame) for expr in one.function.returns)
        elif not isinstance(one, Bound):
            found.append(one)
    return found
