"""Tables that ship beside the code, in ``data/``: what providers publish about their own roles and permissions.

They are part of the program, not of what is scanned: no ingestor chooses their names from a document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import graphinv


@cache
def table(path: str) -> Any:
    """The JSON file at ``data/<path>``, in a checkout or in a wheel; read once, when it is first asked for."""
    return json.loads(_text(path))


@cache
def rows(path: str) -> Mapping[str, str]:
    """The lines of ``data/<path>``, each a key, a tab and its text, by key; read once, for tables of which little is needed at a time."""
    return dict(line.split("\t", 1) for line in _text(path).splitlines())


def _text(path: str) -> str:
    package = Path(graphinv.__file__).resolve().parent
    places = (package / "_bundled" / "data" / path, package.parent / "data" / path)
    return next((place for place in places if place.is_file()), places[-1]).read_text("utf-8")
