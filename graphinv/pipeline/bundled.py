"""The folders that ship beside the code: ``queries/``, ``data/`` and ``app/``.

In a checkout (an editable install too) they lie beside the package; in a wheel they lie in ``graphinv/_bundled``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import graphinv
from graphinv.model.errors import GraphinvError


@cache
def bundled(folder: str) -> Path:
    """The folder of that name.

    Raises:
        GraphinvError: the installation lacks it.
    """
    package = Path(graphinv.__file__).resolve().parent
    for candidate in (package / "_bundled" / folder, package.parent / folder):
        if candidate.is_dir():
            return candidate
    raise GraphinvError(f"this installation of graphinv lacks its folder {folder}/; install it again from a wheel or a checkout")


def texts(folder: str, suffix: str) -> dict[str, str]:
    """Texts of all bundled files below ``folder`` whose name ends with ``suffix``, by path relative to ``folder``, in order."""
    top = bundled(folder.split("/", maxsplit=1)[0]).joinpath(*folder.split("/")[1:])
    return {str(path.relative_to(top).as_posix()): path.read_text("utf-8") for path in sorted(top.rglob(f"*{suffix}"))}
