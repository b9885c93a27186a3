"""Python source and notebooks: agents, tools, servers and delegations that frameworks declare in code.

What the frameworks have in common is in :mod:`graphinv.ingest.support.python`, what each of them means in its folder ``frameworks``.
Nothing that is read is imported or run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.python import ir, summary
from graphinv.ingest.support.python import outline as outlines
from graphinv.ingest.support.python.frameworks import Framework, frameworks
from graphinv.ingest.support.python.mcp_servers import server_facts
from graphinv.ingest.support.python.packaging import Package, read_package
from graphinv.ingest.support.python.parts import parts as independent
from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, Problem

NAME = "python_source"
TITLE = "Agents in Python source and notebooks"
FILES = ("*.py", "*.ipynb", "langgraph.json", "config/agents.yaml", "config/tasks.yaml", "pyproject.toml")

_CREW = re.compile(
    rb"(?ms)^[ \t]{1,8}role\s*:.*^[ \t]{1,8}(?:goal|backstory)\s*:|^[ \t]{1,8}goal\s*:.*^[ \t]{1,8}role\s*:|^[ \t]{1,8}expected_output\s*:"
)
_CHECKPOINT = re.compile(r"(?:.*/)?\.ipynb_checkpoints/.*", re.DOTALL)


def detect(path: str, head: bytes) -> bool:
    """Whether it is Python, a notebook, or a configuration that the frameworks' code reads."""
    if path.endswith((".py", ".ipynb")):
        return not _CHECKPOINT.fullmatch(path)
    name = path.rpartition("/")[2]
    return name in ("langgraph.json", "pyproject.toml") or (name.endswith((".yaml", ".yml")) and _CREW.search(head) is not None)


def summarise(document: Document) -> ir.Module | list[Located] | Package:
    """The module, the documents of a configuration, or what a package's commands start.

    Raises:
        IngestError: it imports a framework, or is a configuration of one, and cannot be read.
    """
    configuration = _configuration(document)
    return summary.summarise(document) if configuration is None else configuration


def outline(document: Document) -> ir.Module | list[Located] | Package:
    """What of the summary says which documents belong together.

    Raises:
        IngestError: as :func:`summarise`, which may also raise where this does not.
    """
    configuration = _configuration(document)
    return outlines.outline(document) if configuration is None else configuration


def _configuration(document: Document) -> list[Located] | Package | None:
    """The documents of a configuration, or a package; None of Python and notebooks."""
    name = (document.path or document.root).rpartition("/")[2]
    if name.endswith(".toml"):
        return read_package(document)
    if name.endswith((".yaml", ".yml")):
        return [_told(located) for located in yamldoc.parse(document.text(), document)]
    if name.endswith(".json"):
        return [_told(jsondoc.parse(document))]
    return None


_ASKED = frozenset({"role", "tools", "llm", "allow_delegation", "allow_code_execution", "agent", "agents", "tasks", "graphs", "path"})
MAX_DEPTH = 8


def _told(located: Located) -> Located:
    """The document with what is asked for alone: not what it says to a model, nor any credential."""
    lines = {
        tuple(redact(part) if isinstance(part, str) else part for part in at): line for at, line in located.lines.items() if len(at) < 4
    }
    return Located(_short(located.value), lines, [], located.first_line)


def _short(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return redact(value)[:200]
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {
            redact(str(key)): _short(item, depth + 1)
            for key, item in value.items()
            if isinstance(item, dict) or key in _ASKED or _is_graph(item)
        }
    return [_short(item, depth + 1) for item in value[:500]] if isinstance(value, list) else value


def _is_graph(value: object) -> bool:
    """``./folder/file.py:name``, as ``langgraph.json`` says where a graph is."""
    return isinstance(value, str) and re.fullmatch(r"[\w./-]{1,300}\.[a-z]{1,4}:\w{1,100}", value) is not None


def parts(summaries: Mapping[str, Any]) -> list[list[str]]:
    """Paths of documents that have to be linked together; what is in different parts can be linked apart, with the same result."""
    return independent(summaries)


def link(root: str, summaries: Mapping[str, Any]) -> Iterator[Fact]:
    """The facts of all frameworks that the root's modules import."""
    outside = {package for framework in frameworks() for package in framework.IMPORTS}
    for group in parts(summaries):
        modules = {path: one for path in group if isinstance(one := summaries[path], ir.Module)}
        configs = {path: one for path in group if not isinstance(one := summaries[path], (ir.Module, Package))}
        program = Program(root, modules, configs, outside)
        program.packages = [one for path in group if isinstance(one := summaries[path], Package)]
        yield from _linked(program)


def _linked(program: Program) -> list[Fact]:
    facts: list[Fact] = []
    used = [framework for framework in frameworks() if _concerns(framework, program)]
    for framework in used:
        program.ev.budget.renew()
        facts.extend(_guarded(framework.NAME, lambda one=framework: one.declare(program) or ()))
    program.seal()
    for framework in used:
        program.ev.budget.renew()
        facts.extend(_guarded(framework.NAME, lambda one=framework: one.facts(program)))
    facts.extend(_guarded("MCP servers", lambda: server_facts(program)))
    # What is reached on several ways is stated for each; to state it once means the same.
    return list({repr(fact): fact for fact in (*program.nodes(), *facts, *program.untold())}.values())


def _concerns(framework: Framework, program: Program) -> bool:
    packages = tuple(framework.IMPORTS)
    configured = getattr(framework, "CONFIGURED", False) and bool(program.configs)
    return (
        configured
        or bool(getattr(framework, "MARKS", ()))
        or any(
            dotted == package or dotted.startswith(f"{package}.")
            for module in program.relevant
            for dotted, level in module.imports
            if not level
            for package in packages
        )
    )


def _guarded(name: str, facts: Any) -> Iterator[Fact]:
    """The facts of one framework; a fault in one must not cost the user the others."""
    try:
        yield from facts()
    except Exception as error:  # as the pipeline does for a document: the others are still worth having
        yield Problem("", "", f"{name}: not everything could be followed ({type(error).__name__})", "error", NAME)
