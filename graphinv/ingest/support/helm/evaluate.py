"""Filling a template in: nodes and data → text, with the line of the template that each line of it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.helm import patterns
from graphinv.ingest.support.helm.functions import FUNCTIONS, MAX_RESULT, shown, true
from graphinv.ingest.support.helm.parsing import Action, Block, Chain, Const, Jump, Node, Path, Pipe, TemplateError, Text, parse

MAX_STEPS = 1_000_000
"""Of all charts of a root: nodes, commands and functions, and for each of these some more by the length of the texts."""
MAX_CALLS = 40
"""Templates that are inside each other."""


class _Leave(Exception):
    def __init__(self, word: str) -> None:
        self.word = word


@dataclass
class Budget:
    """Steps that may still be taken."""

    left: int = MAX_STEPS


@dataclass
class Engine:
    """Templates by name, which call each other."""

    defined: Mapping[str, list[Node]]
    budget: Budget
    _parsed: dict[str, list[Node]] = field(default_factory=dict)

    def parsed(self, text: str) -> list[Node]:
        """Nodes of a template that stands in a value."""
        if text not in self._parsed:
            self.step(20 * len(text))
            self._parsed[text] = parse(text)
        return self._parsed[text]

    def step(self, length: int = 0) -> None:
        """One step more, with texts of that length.

        Raises:
            TemplateError: it is one too many.
        """
        self.budget.left -= 1 + length // 50
        if self.budget.left < 0:
            raise TemplateError("its root takes more steps than are followed")

    def fill(self, nodes: list[Node], data: Any) -> tuple[str, list[int]]:
        """Text, and for each of its lines a line of the template.

        Raises:
            TemplateError: it cannot be filled in.
        """
        run = _Run(self, data, [{"$": data}], 0)
        try:
            run.nodes(nodes, data)
        except _Leave:
            raise TemplateError("break or continue outside of a range") from None
        except RecursionError:
            raise TemplateError("it is nested too deep") from None
        return run.text, run.lines()


@dataclass
class _Run:
    """One template, its variables, innermost last, and what it has written."""

    engine: Engine
    root: Any
    scopes: list[dict[str, Any]]
    depth: int
    out: list[tuple[str, int, bool]] = field(default_factory=list)
    """Text, the line that it comes from, and whether it stands there itself."""
    size: int = 0

    def write(self, text: str, line: int, plain: bool = False) -> None:
        self.size += len(text)
        self.engine.step(len(text))
        if self.size > MAX_RESULT:
            raise TemplateError("it becomes too long")
        if text:
            self.out.append((text, line, plain))

    def lines(self) -> list[int]:
        """The template's line of each line of the text."""
        found, fresh = [1], True
        for text, line, plain in self.out:
            if fresh:
                found[-1] = line
            ends = text.count("\n")
            found += [line + number if plain else line for number in range(1, ends + 1)]
            fresh = text.endswith("\n") or (fresh and not text.strip())
        return found

    @property
    def text(self) -> str:
        return "".join(text for text, _, _ in self.out)

    # ---- nodes --------------------------------------------------------------------------------------------------------------

    def nodes(self, nodes: list[Node], dot: Any) -> None:
        self.scopes.append({})
        try:
            for node in nodes:
                self.node(node, dot)
        finally:
            self.scopes.pop()

    def node(self, node: Node, dot: Any) -> None:
        self.engine.step()
        if isinstance(node, Text):
            self.write(node.text, node.line, plain=True)
        elif isinstance(node, Action):
            value = self.pipe(node.pipe, dot)
            if not node.pipe.variables:
                self.write(shown(value), node.line)
        elif isinstance(node, Jump):
            raise _Leave(node.word)
        elif node.word == "range" and node.pipe:
            self.each(node, node.pipe, dot)
        elif node.word in ("if", "with") and node.pipe:
            self.scopes.append({})
            value = self.pipe(node.pipe, dot)
            if true(value):
                self.nodes(node.body, value if node.word == "with" else dot)
            else:
                self.nodes(node.otherwise, dot)
            self.scopes.pop()
        elif node.word in ("template", "block"):
            given = self.pipe(node.pipe, dot) if node.pipe else None
            self.write(self.include(node.name, given), node.line)

    def each(self, node: Block, pipe: Pipe, dot: Any) -> None:
        """Carry out a ``range``."""
        variables = pipe.variables
        value = self.pipe(Pipe(pipe.commands), dot)
        if isinstance(value, dict):
            pairs: list[tuple[Any, Any]] = sorted(value.items(), key=lambda pair: str(pair[0]))
        elif isinstance(value, int) and not isinstance(value, bool):
            pairs = [(number, number) for number in range(min(value, 10_000))]
        else:
            pairs = list(enumerate(value)) if isinstance(value, list) else []
        if not pairs:
            self.nodes(node.otherwise, dot)
        for key, item in pairs:
            self.scopes.append(dict(zip(variables, (key, item) if len(variables) > 1 else (item,), strict=False)))
            try:
                self.nodes(node.body, item)
            except _Leave as leave:
                if leave.word == "break":
                    break
            finally:
                self.scopes.pop()

    # ---- pipelines ----------------------------------------------------------------------------------------------------------

    def pipe(self, pipe: Pipe, dot: Any) -> Any:
        value: Any = None
        for number, command in enumerate(pipe.commands):
            value = self.command(command, dot, (value,) if number else ())
        for name in pipe.variables:
            scope = self.scopes[-1] if pipe.declares else next((one for one in reversed(self.scopes) if name in one), self.scopes[-1])
            scope[name] = value
        return value

    def command(self, command: tuple[Const | Path | Chain, ...], dot: Any, last: tuple[Any, ...]) -> Any:
        self.engine.step()
        first, *rest = command
        if isinstance(first, Path) and first.start not in (".",) and not first.start.startswith("$") and not first.names:
            return self.call(first.start, rest, dot, last)
        value = self.operand(first, dot)
        if callable(value):
            return value(*(self.operand(one, dot) for one in rest), *last)
        if rest or last:
            raise TemplateError("something that is no function is called")
        return value

    def call(self, name: str, rest: list[Const | Path | Chain], dot: Any, last: tuple[Any, ...]) -> Any:
        if name in ("and", "or"):
            value: Any = None
            for one in rest:
                value = self.operand(one, dot)
                if true(value) != (name == "and"):
                    return value
            return last[0] if last else value
        given = [*(self.operand(one, dot) for one in rest), *last]
        if name == "include" and len(given) == 2:
            return self.include(shown(given[0]), given[1])
        if name == "tpl" and len(given) == 2:
            return self.filled(self.engine.parsed(shown(given[0])), given[1])
        function = FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"the function {name[:40]} is not known")
        size = sum(len(one) for one in given if isinstance(one, str | list | dict))
        if "regex" in name.lower() and len(given) > 1:
            size += patterns.cost(shown(given[0]), shown(given[1]))
        self.engine.step(size)
        try:
            made = function(*given)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError, RecursionError):
            raise TemplateError(f"the function {name} is given what it cannot take") from None
        self.engine.step(len(made) if isinstance(made, str | list | dict) else 0)
        return made

    def include(self, name: str, given: Any) -> str:
        nodes = self.engine.defined.get(name)
        if nodes is None:
            raise TemplateError(f"the template {name[:80]} is not among its files")
        return self.filled(nodes, given)

    def filled(self, nodes: list[Node], given: Any) -> str:
        if self.depth >= MAX_CALLS:
            raise TemplateError("its templates call each other without end")
        run = _Run(self.engine, given, [{"$": given}], self.depth + 1)
        run.nodes(nodes, given)
        return run.text

    def operand(self, one: Const | Path | Chain, dot: Any) -> Any:
        if isinstance(one, Const):
            return one.value
        if isinstance(one, Chain):
            inner = self.pipe(one.inner, dot)
            return None if inner is None else _fields(inner, one.names)  # nothing in parentheses has no fields and no error
        if one.start == ".":
            return _fields(dot, one.names)
        if one.start.startswith("$"):
            scope = next((scope for scope in reversed(self.scopes) if one.start in scope), None)
            if scope is None:
                raise TemplateError(f"the variable {one.start[:40]} is not set")
            return _fields(scope[one.start], one.names)
        return self.call(one.start, [], dot, ())


def _fields(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        if isinstance(value, dict):
            value = value.get(name)
        elif value is None:
            raise TemplateError(f"{name[:40]} is asked of what is not set")
        else:
            raise TemplateError(f"{name[:40]} is asked of what has no fields")
    return value
