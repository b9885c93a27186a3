"""Cloudflare's Agents SDK: each class that extends ``Agent``, ``AIChatAgent`` or ``Think`` is an agent; its methods say what it has.

Drawn:
    (:Agent)-[:USES]->(:Tool), of ``getTools()`` and of the loops of the Vercel AI SDK in its methods; (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), by ``addMcpServer`` and ``mcp.connect``
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), by ``agentTool``
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.program import Actor, Program
from graphinv.ingest.support.javascript.servers import connects_to
from graphinv.ingest.support.javascript.shapes import class_around, outside_base, returned, uses_model
from graphinv.ingest.support.javascript.tools import uses_tools
from graphinv.ingest.support.javascript.values import ClassV, External, FunctionV
from graphinv.ingest.support.places import environment_of
from graphinv.model.facts import Fact

NAME = "cloudflare-agents"
PACKAGES = ("agents", "@cloudflare/ai-chat", "@cloudflare/think")
CLASSES = ("Agent", "AIChatAgent", "Think")
_LOOPS = ("streamText", "generateText")
_CONNECT = ("addMcpServer", "connect")


def declare(program: Program) -> None:
    """Its agents: the classes that no other class extends, but for a test's."""
    found: list[tuple[ClassV, External]] = []
    extended: set[tuple[str, int]] = set()
    for path, module in program.modules.items():
        for index, cls in enumerate(module.classes) if module.marked else ():
            value = ClassV(path, cls.line, module, index, program.roots[path])
            above = program.base(value)
            base = outside_base(program, value)
            if base is not None and is_agent(base):
                found.append((value, base))
                if isinstance(above, ClassV) and (is_test(above.path) or not is_test(path)):
                    extended.add((above.module.path, above.index))
    for value, base in found:
        if (value.path, value.index) not in extended:
            program.declare(value, value.cls.name, NAME, detail=f"{NAME} {base.dotted.rpartition('.')[2]}")


def is_test(path: str) -> bool:
    """Whether a document lies among tests."""
    return environment_of(path) == "test"


def is_agent(base: External) -> bool:
    """Whether what a class extends makes it an agent."""
    return any(base.package == package or base.package.startswith(f"{package}/") for package in PACKAGES) and base.dotted.endswith(
        tuple(f".{name}" for name in CLASSES)
    )


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.of_framework(NAME):
        cls = cast("ClassV", actor.value)
        tools = program.member(cls, "getTools", cls)
        if isinstance(tools, FunctionV):
            yield from uses_tools(program, actor, tools)
        for model in returned(program, program.member(cls, "getModel", cls)):
            yield from uses_model(program, actor, model)
        for loop in program.objects(("ai",), *_LOOPS):
            around = class_around(loop)
            if around is not None and (around.module.path, around.index) == (cls.path, cls.index):
                yield from uses_tools(program, actor, program.option(loop, "tools"))
                yield from uses_model(program, actor, program.option(loop, "model"))
        yield from _servers(program, actor, cls)


def _servers(program: Program, actor: Actor, cls: ClassV) -> Iterator[Fact]:
    for method in cls.cls.methods.values():
        for index in program.nested(cls.module, method):
            for call in cls.module.functions[index].calls:
                if isinstance(call.func, ir.Attr) and call.func.attr in _CONNECT and _is_own(call.func):
                    given = program.arguments(call, index, cls.frame)
                    named = call.func.attr == "addMcpServer"
                    address = given[1:2] if named else given[:1]
                    name = given[0].text() if named and given else None
                    for one in address:
                        yield from connects_to(program, actor, name or "mcp", one)


def _is_own(func: ir.Attr) -> bool:
    """``this.addMcpServer``, ``this.mcp.connect``"""
    base = func.base
    if func.attr == "connect":
        if not (isinstance(base, ir.Attr) and base.attr == "mcp"):
            return False
        base = base.base
    return isinstance(base, ir.Name) and base.id == "this"
