"""Templates as plain values: expressions, parameters, resources and modules, picklable, without values of secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphinv.model.facts import Fact, Problem


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; texts are masked (:mod:`graphinv.ingest.support.masked`)."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol of Bicep: a parameter, variable, resource, module, or what a loop or a lambda calls its item."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments…)``; of a method what it is called on is the first argument. Operators are calls of the functions they stand for."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """``of.name``"""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``of[key]``"""

    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Array:
    """``[items…]``"""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """``{key: value, …}``; a :class:`Spread` stands as a key."""

    pairs: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """``...of`` in an array or object."""

    of: Expr


@dataclass(frozen=True, slots=True)
class Lambda:
    """``names => body``"""

    names: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Loop:
    """``for names in of: … if test``: the item, and with a second name its position."""

    names: tuple[str, ...]
    of: Expr
    test: Expr | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """An array that a loop makes."""

    loop: Loop
    body: Expr


Expr = Literal | Name | Call | Member | Index | Array | Object | Spread | Lambda | Each
NOTHING = Literal(None)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; one that is ``secure`` holds a credential."""

    default: Expr | None
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """``type`` without its version; ``body`` is an :class:`Object`. ``parent`` is the symbol of the resource that it is a part of."""

    symbol: str
    type: str
    name: Expr
    body: Expr
    line: int
    condition: Expr | None = None
    loop: Loop | None = None
    existing: bool = False
    parent: str = ""
    scope: Expr | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """Another template that is deployed: by its path or address, or as it stands here."""

    symbol: str
    source: str
    template: Template | None
    name: Expr
    parameters: Expr
    line: int
    condition: Expr | None = None
    loop: Loop | None = None
    scope: Expr | None = None
    outer: bool = False
    """Whether its expressions are those of the template around it."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template. ``scope`` is where it is deployed: ``resourceGroup``, ``subscription``, ``managementGroup`` or ``tenant``."""

    path: str
    scope: str = "resourceGroup"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    variables: Mapping[str, Expr] = field(default_factory=dict)
    functions: Mapping[str, Lambda] = field(default_factory=dict)
    resources: tuple[Resource, ...] = ()
    modules: tuple[Module, ...] = ()
    outputs: Mapping[str, Expr] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    """Of the credentials in it."""
    problems: tuple[Problem, ...] = ()
    compiled: bool = False
    """Whether it was made from Bicep."""


@dataclass(frozen=True, slots=True)
class Values:
    """A file of parameters; ``of`` is the template that it names, if it names one."""

    path: str
    values: Mapping[str, Expr] = field(default_factory=dict)
    of: str = ""
    facts: tuple[Fact, ...] = ()
