"""LangGraph's functional API: a function under ``@entrypoint()`` is a workflow, and an agent where it runs a model.

Drawn:
    (:Agent|Workflow)-[:DELEGATES_TO {mode: invoke, kind_detail: invoke}]->(:Agent|Workflow), for each that the function runs
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.frameworks.langchain import Members, run_by
from graphinv.ingest.support.python.models import models_in, uses_bound
from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.values import FunctionV, Made, Value
from graphinv.model.facts import Fact


def declare(program: Program, framework: str) -> None:
    """Every function that is an entry point."""
    for function, decorator in _entries(program):
        agent = bool(models_in(program, function))
        program.declare(
            function,
            name=decorator.arg("name") if isinstance(decorator, Made) else None,
            framework=framework,
            kind="Agent" if agent else "Workflow",
            type="graph",
            detail="langgraph entrypoint",
        )


def facts(program: Program, members: Members) -> Iterator[Fact]:
    """The models and tools of each, what it remembers, and whom it runs."""
    for function, decorator in _entries(program):
        actor = program.actor(function)
        if actor is None:
            continue
        for model in models_in(program, function):
            yield from uses_bound(program, actor, model, members)
        for other, at in run_by(program, function):
            if other is not actor:
                yield program.edge("DELEGATES_TO", actor.key, other.key, at, mode="invoke", kind_detail="invoke")
        for name, scope in (("checkpointer", "session"), ("store", "user")):
            yield from program.memory(actor, decorator.arg(name) if isinstance(decorator, Made) else None, scope)


def _entries(program: Program) -> Iterator[tuple[FunctionV, Value]]:
    return program.decorated(("langgraph",), "entrypoint")
