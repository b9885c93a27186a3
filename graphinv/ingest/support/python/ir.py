"""A Python module in short: the expressions and statements that can matter to what it declares, each with its line.

Plain named tuples: quick to make, small when pickled. Branches (``if``, ``try``, ``match``, ``with``, loops) are flattened into the list of
statements around them; an assignment in one of them is ``conditional``, so that it does not hide the one before it. ``await``, ``:=`` and
parentheses leave no trace. What is left out (comparisons, arithmetic) is an :class:`Opaque`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphinv.model.facts import NodeFact


class Const(NamedTuple):
    """A literal. Of a text that holds a credential the credential is gone and ``secrets`` are its facts."""

    value: str | int | float | bool | None
    line: int
    secrets: tuple[NodeFact, ...] = ()


class Name(NamedTuple):
    id: str
    line: int


class Attr(NamedTuple):
    base: Expr
    attr: str
    line: int


class Call(NamedTuple):
    func: Expr
    args: tuple[Expr, ...]
    """Positional ones; ``*x`` is a :class:`Star`."""
    kwargs: tuple[tuple[str | None, Expr], ...]
    """``**x`` has no name."""
    line: int
    place: int
    """Where it ends in the source: tells calls of one line apart, in the order in which they run."""


class Items(NamedTuple):
    """A list, tuple or set that is written out."""

    items: tuple[Expr, ...]
    kind: str
    line: int


class Dict(NamedTuple):
    """``**x`` in it has no key."""

    items: tuple[tuple[Expr | None, Expr], ...]
    line: int


class Star(NamedTuple):
    value: Expr
    line: int


class Joined(NamedTuple):
    """An f-string's parts."""

    parts: tuple[Expr, ...]
    line: int


class Add(NamedTuple):
    """``left op right``: ``+``, ``|``, ``%``, ``>>``, ``<<`` ``-`` or ``*``."""

    left: Expr
    op: str
    right: Expr
    line: int


class Choice(NamedTuple):
    """``a if c else b``, ``a or b``, ``a and b``."""

    options: tuple[Expr, ...]
    kind: str
    line: int


class Sub(NamedTuple):
    base: Expr
    index: Expr
    line: int


class Comp(NamedTuple):
    """A comprehension; of a dict ``key`` is its key. Conditions are not kept, only whether some ask a ``name``: they pick what is left."""

    element: Expr
    key: Expr | None
    loops: tuple[tuple[Expr, Expr], ...]
    picks: bool
    line: int


class Function(NamedTuple):
    """A function, method or lambda (whose name is ``<lambda>`` and whose body is one :class:`Return`)."""

    name: str
    params: tuple[Param, ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    returns: Expr | None
    doc: str
    line: int
    full: bool = True
    """False where the body was not kept (a module that mentions no framework, and is large)."""


class Opaque(NamedTuple):
    """Something that is not followed; ``parts`` are the expressions inside."""

    what: str
    parts: tuple[Expr, ...]
    line: int


Expr = Any
"""One of Const, Name, Attr, Call, Items, Dict, Star, Joined, Add, Choice, Sub, Comp, Function, Opaque. Not spelled as a union: mypy
compares named tuples that hold each other field by field, and does not come to an end."""


class Param(NamedTuple):
    name: str
    default: Expr | None
    annotation: Expr | None
    kind: str
    """``positional``, ``keyword``, ``*`` or ``**``."""


class Assign(NamedTuple):
    """``target = value``; ``op`` is ``=``, ``+=``, ``in`` (a loop's target; ``value`` is what is looped over) or ``as`` (``with``)."""

    target: Expr
    op: str
    value: Expr
    annotation: Expr | None
    conditional: bool
    line: int
    end: int
    """Its last line: what stands there or before does not see it yet."""


class Do(NamedTuple):
    """An expression that stands alone."""

    value: Expr
    conditional: bool
    line: int


class Return(NamedTuple):
    """``return`` or, where ``yields``, ``yield``."""

    value: Expr
    line: int
    yields: bool = False


class Class(NamedTuple):
    name: str
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str | None, Expr], ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    doc: str
    line: int


class Import(NamedTuple):
    """``name`` in this module is ``symbol`` of ``module`` (``""`` = the module itself; ``*`` = all its names), ``level`` dots up."""

    name: str
    module: str
    symbol: str
    level: int
    conditional: bool
    line: int


Stmt = Any
"""One of Assign, Do, Return, Function, Class, Import."""


class Module(NamedTuple):
    """Summary of one document."""

    path: str
    root: str
    body: tuple[Stmt, ...]
    marked: bool
    """Whether it imports a known framework."""
    full: bool
    """Whether bodies of functions were kept."""
    doc: str = ""
    imports: frozenset[tuple[str, int]] = frozenset()
    """Everything that it imports, anywhere: modules and names in them as dotted paths, with the number of dots before."""
