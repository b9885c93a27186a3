"""Terraform's language as plain values: expressions, attributes and blocks, picklable, without values of secrets."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphinv.model.facts import Fact, Problem


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; texts are masked (:mod:`graphinv.ingest.support.masked`)."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text put together of parts."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """What a reference begins with: ``var``, ``local``, ``data``, a resource's type, a variable of a ``for``."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """``of.name``"""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``of[key]``"""

    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Splat:
    """``of[*].names``"""

    of: Expr
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments…)``; with ``spread`` the last argument is a list of arguments."""

    name: str
    arguments: tuple[Expr, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Conditional:
    """``test ? yes : no``"""

    test: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True)
class Operation:
    """``operands[0] operator operands[1]``, or with one operand the operator before it."""

    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """``[items…]``"""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """``{key = value, …}``"""

    pairs: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class For:
    """``[for name, value in of : result if test]``; with ``key`` an object, whose values are lists where they are ``grouped``."""

    names: tuple[str, ...]
    of: Expr
    key: Expr | None
    result: Expr
    test: Expr | None
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """An expression that is not understood; ``text`` says which."""

    text: str = "?"


Expr = Literal | Template | Name | Attribute | Index | Splat | Call | Conditional | Operation | Tuple | Object | For | Unread


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" … { attributes and blocks }``; ``lines`` are those of its attributes."""

    type: str
    labels: tuple[str, ...]
    line: int
    attributes: dict[str, Expr] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def inner(self, *types: str) -> list[Block]:
        """Blocks in it of one of ``types``."""
        return [block for block in self.blocks if block.type in types]


@dataclass(frozen=True, slots=True)
class File:
    """One document: a file of configuration or of variables (its top is ``body``), or a text that configuration may read."""

    path: str
    body: Block
    text: Expr | None = None
    facts: tuple[Fact, ...] = ()
    """Of the credentials in it."""
    problems: tuple[Problem, ...] = ()
