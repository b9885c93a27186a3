"""What is kept of a Go document: functions, package-level variables and types, with the expressions that may make tools and servers.

A *path* says what a name means as far as the document tells: ``.name`` something of the own package, ``net/http.Get`` a member of an
import, ``.Store.Get`` a member of a type of the own package, ``os/exec.Command.Run`` a member of what a call gives, ``?.Get`` a member of
something unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from graphinv.ingest.support.compiled import Call as Noted


@dataclass(frozen=True, slots=True)
class Text:
    """A constant text; ``complete`` is false where only its beginning is constant."""

    value: str
    line: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Bool:
    """``true`` or ``false``."""

    value: bool
    line: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name or a member; ``local`` where it is a variable or parameter of the function."""

    path: str
    line: int
    local: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call; ``types`` are the paths of its type arguments, ``base`` what its method belongs to."""

    path: str
    args: tuple[Expr, ...]
    line: int
    types: tuple[str, ...] = ()
    base: Expr | None = None


@dataclass(frozen=True, slots=True)
class Obj:
    """A composite literal: its type's path, and its elements with their keys."""

    type: str
    items: tuple[tuple[str, Expr], ...]
    line: int

    def get(self, key: str) -> Expr | None:
        """The element under ``key``."""
        return next((value for name, value in self.items if name == key), None)


@dataclass(frozen=True, slots=True)
class Func:
    """A function literal: its index in the module."""

    index: int
    line: int


@dataclass(frozen=True, slots=True)
class Other:
    """Any other expression: what stands in it."""

    parts: tuple[Expr, ...]
    line: int


Expr: TypeAlias = Text | Bool | Name | Call | Obj | Func | Other


@dataclass
class Function:
    """A function, method or function literal (without a name). ``params`` are names with the paths of their types."""

    name: str
    receiver: str
    line: int
    params: tuple[tuple[str, str], ...] = ()
    result: str = ""
    outer: int | None = None
    exprs: list[Expr] = field(default_factory=list)
    """What its statements evaluate, in order."""
    returns: list[tuple[Expr, ...]] = field(default_factory=list)
    locals: dict[str, Expr] = field(default_factory=dict)
    calls: list[Noted] = field(default_factory=list)
    refs: set[str] = field(default_factory=set)
    """Paths of everything it names that is no local variable."""
    variables: list[tuple[str, int]] = field(default_factory=list)
    """Variables of the environment that it reads."""


@dataclass
class Module:
    """A document."""

    path: str
    package: str
    imports: tuple[str, ...]
    functions: list[Function]
    variables: dict[str, Expr]
    """Package-level variables and constants."""
    fields: dict[str, list[tuple[str, str, str]]]
    """Structs: (field, path of its type, tag)."""
    marked: bool
    agents: bool = False
    """Whether it imports a library that makes agents."""


@dataclass(frozen=True, slots=True)
class GoMod:
    """What a ``go.mod`` calls its module."""

    path: str
    module: str
