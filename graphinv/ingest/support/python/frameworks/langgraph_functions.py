"""LangGraph's functional API: a function under ``@entrypoint()`` is a workflow, and an agent where it runs a model.

Drawn:
    (:Agent|Workflow)-[:DELEGATES_TO {mode: invoke, kind_detail: invoke}]->(:Agent|Workflow), for each that the function runs
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.frameworks.langchain import Members, run_by
from graphinv.ingest.support.python.frameworks.langgraph import NAME as GRAPH
from graphinv.ingest.support.python.frameworks.langgraph import uses_bound
from graphinv.ingest.support.python.models import models_in, parts_of
from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.values import FunctionV, Made, Value
from graphinv.model.facts import Fact

NAME = "langgraph-functions"
IMPORTS = ("langgraph",)


def declare(program: Program) -> None:
    """Every function that is an entry point."""
    for function, decorator in _entries(program):
        agent = bool(models_in(program, function))
        program.declare(
            function,
            name=decorator.arg("name") if isinstance(decorator, Made) else None,
            framework=GRAPH,
            kind="Agent" if agent else "Workflow",
            type="graph",
            detail="langgraph entrypoint",
        )


def facts(program: Program) -> Iterator[Fact]:
    """The models and tools of each, what it remembers, and whom it runs."""
    members = Members(program)
    for function, decorator in _entries(program):
        actor = program.actor(function)
        if actor is None:
            continue
        for model in models_in(program, function):
            for part in parts_of(model):
                yield from uses_bound(program, actor, part, members)
        for other, at in run_by(program, function):
            if other is not actor:
                yield program.edge("DELEGATES_TO", actor.key, other.key, at, mode="invoke", kind_detail="invoke")
        for name, scope in (("checkpointer", "session"), ("store", "user")):
            yield from program.memory(actor, decorator.arg(name) if isinstance(decorator, Made) else None, scope)


def _entries(program: Program) -> Iterator[tuple[FunctionV, Value]]:
    return program.decorated(IMPORTS, "entrypoint")
