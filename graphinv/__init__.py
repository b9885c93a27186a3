"""graphinv: which AI agents do we run, what could each of them reach, by which path, and which hop would stop it.

For programs, :func:`graphinv.open` opens a store (:mod:`graphinv.api`); what it answers are the models of :mod:`graphinv.model.results` and
pandas tables.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphinv.api import Graph as Graph
    from graphinv.api import open as open
    from graphinv.api import to_networkx as to_networkx

__version__ = version("graphinv")
__all__ = ["Graph", "__version__", "open", "to_networkx"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # on first use: the command line starts without
        return getattr(import_module("graphinv.api"), name)
    raise AttributeError(f"module 'graphinv' has no attribute {name!r}")
