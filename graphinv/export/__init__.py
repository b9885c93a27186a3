"""Exports: what the graph and its analysis say, in the words of another tool. Pure: results in, text out.

One module of this package is one format and has

    NAME      what ``graphinv export`` calls it
    TITLE     for people
    SUFFIX    of the file it makes; of each of them where it makes several
    render(analysis, estate, rules) -> str | bytes | dict[str, str]
              the text, the bytes of a file that is none, or the texts by file name

Adding a module is all it takes: :func:`exports` finds it. What several formats share is in :mod:`graphinv.export.support`.
Names in the graph are the text of strangers: every format escapes them for whoever reads it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol, cast

from graphinv.model.errors import NotFound
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis


class RuleText(Protocol):
    """What an export tells about a rule."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def remediation(self) -> str: ...
    @property
    def frameworks(self) -> Sequence[str]: ...


class Export(Protocol):
    """What a module of this package offers; see the package's docstring."""

    NAME: str
    TITLE: str
    SUFFIX: str

    def render(self, analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str | bytes | dict[str, str]: ...


@cache
def exports() -> Mapping[str, Export]:
    """All exports, by name."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    found = [cast(Export, module) for module in modules]
    return {export.NAME: export for export in sorted(found, key=lambda export: export.NAME)}


def export(name: str) -> Export:
    """The export of that name.

    Raises:
        NotFound: there is none.
    """
    found = exports().get(name)
    if found is None:
        raise NotFound(f"no export is called {name!r}; there are {', '.join(exports())}")
    return found
