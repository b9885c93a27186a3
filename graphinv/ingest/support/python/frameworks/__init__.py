"""One module per framework, and one with the vocabularies of those that need no more (:mod:`.plain`); see
:mod:`graphinv.ingest.support.python`. Adding a module, or a vocabulary, is all it takes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

from graphinv.ingest.support.python.program import Program
from graphinv.model.facts import Fact


class Framework(Protocol):
    """What every module of this package offers, and every vocabulary in :data:`.plain.FRAMEWORKS`."""

    NAME: str
    IMPORTS: tuple[str, ...]

    def declare(self, program: Program) -> None: ...

    def facts(self, program: Program) -> Iterator[Fact]: ...


@cache
def frameworks() -> tuple[Framework, ...]:
    """All frameworks, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [one for module in modules for one in getattr(module, "FRAMEWORKS", (module,))]
    return tuple(sorted((cast("Framework", one) for one in found), key=lambda one: one.NAME))
