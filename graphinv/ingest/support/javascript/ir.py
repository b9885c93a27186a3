"""A module in short: the expressions that can matter to what it declares, each with its line. Plain named tuples: quick to make and small
when pickled. ``await``, ``as``, ``satisfies``, ``!`` and parentheses leave no trace; what is not followed is an :class:`Opaque`.
"""

from __future__ import annotations

from typing import NamedTuple, Union

from graphinv.model.facts import Fact


class Const(NamedTuple):
    """A literal. Of a text that holds a credential the credential is gone; ``secrets`` are the facts about it, held by :data:`HOLDER`."""

    value: str | int | float | bool | None
    line: int
    secrets: tuple[Fact, ...] = ()


HOLDER = ("Tool", "?")
"""Stands in facts about credentials for who holds them."""


class Name(NamedTuple):
    """A name."""

    id: str
    line: int


class Attr(NamedTuple):
    """``base.attr``, ``base?.attr``, ``base["attr"]``."""

    base: Expr
    attr: str
    line: int


class Sub(NamedTuple):
    """``base[key]``, where the key is no constant text."""

    base: Expr
    key: Expr
    line: int


class Call(NamedTuple):
    """``func(args)``, or ``new func(args)``. ``site`` numbers the calls of a module; ``hint`` is the variable or key it is the value of."""

    func: Expr
    args: tuple[Expr, ...]
    new: bool
    site: int
    hint: str
    line: int


class Item(NamedTuple):
    """One of an object; ``...x`` has no key."""

    key: Expr | None
    value: Expr
    line: int


class Obj(NamedTuple):
    """An object that is written out."""

    items: tuple[Item, ...]
    line: int


class Arr(NamedTuple):
    """An array that is written out."""

    items: tuple[Expr, ...]
    line: int


class Spread(NamedTuple):
    """``...x`` in an array or in arguments."""

    value: Expr
    line: int


class Template(NamedTuple):
    """A template string's parts, or the operands of ``+``."""

    parts: tuple[Expr, ...]
    line: int


class Choice(NamedTuple):
    """``c ? a : b``, ``a ?? b``, ``a || b``."""

    options: tuple[Expr, ...]
    line: int


class Fn(NamedTuple):
    """A function, by its number in the module."""

    number: int
    line: int


class Cls(NamedTuple):
    """A class, by its number in the module."""

    number: int
    line: int


class Env(NamedTuple):
    """``process.env.X`` and its like."""

    name: str
    line: int


class Arg(NamedTuple):
    """What a function is given at a position; ``path`` leads into it where the parameter is a pattern."""

    function: int
    position: int
    rest: bool
    path: tuple[str | int, ...]
    default: Expr | None
    line: int


class Path(NamedTuple):
    """Part of a value, by destructuring."""

    base: Expr
    path: tuple[str | int, ...]
    default: Expr | None
    line: int


class Each(NamedTuple):
    """What a loop runs over, one by one."""

    base: Expr
    keys: bool
    line: int


class Opaque(NamedTuple):
    """Something that is not followed."""

    line: int


Expr = Union[Const, Name, Attr, Sub, Call, Obj, Arr, Spread, Template, Choice, Fn, Cls, Env, Arg, Path, Each, Opaque]  # noqa: UP007 - names that are not defined yet


class Function(NamedTuple):
    """``calls`` are all calls in its body, nested functions not included: those are in ``inner``."""

    name: str
    scope: int
    parent: int
    cls: int
    params: int
    returns: tuple[Expr, ...]
    calls: tuple[Call, ...]
    envs: tuple[Env, ...]
    inner: tuple[int, ...]
    line: int


class Class(NamedTuple):
    """``fields`` with what methods assign to ``this``; ``supers`` are the arguments of ``super()``."""

    name: str
    base: Expr | None
    scope: int
    fields: dict[str, tuple[Expr, int]]
    methods: dict[str, int]
    supers: tuple[tuple[Expr, ...], int] | None
    constructor: int
    line: int


class Scope(NamedTuple):
    """What is declared in one function (blocks are not told apart)."""

    parent: int
    function: int
    names: dict[str, tuple[Expr, ...]]


class Assigned(NamedTuple):
    """``target.attr = value``."""

    target: Expr
    attr: str
    value: Expr
    scope: int
    function: int
    line: int


class Module(NamedTuple):
    """Summary of one document. Function 0 is the module itself, scope 0 its top level."""

    path: str
    imports: dict[str, tuple[str, str, int]]
    """Local name → specifier, exported name (``*`` for all, ``default``), line."""
    exports: dict[str, tuple[str, Expr | str, str]]
    """Exported name → (``local``, expression, "") or (``from``, specifier, name)."""
    stars: tuple[str, ...]
    packages: frozenset[str]
    """Everything it imports that is no relative path."""
    marked: bool
    scopes: tuple[Scope, ...] = ()
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()


class Config(NamedTuple):
    """Summary of a ``package.json`` or ``tsconfig.json``: what of it says where modules are."""

    path: str
    name: str
    version: str
    entries: tuple[str, ...]
    """Files that a package or its commands start from."""
    commands: tuple[tuple[str, str], ...]
    """Name of a command → file."""
    base: str
    paths: tuple[tuple[str, tuple[str, ...]], ...]
    out: str
    source: str
