"""What examples in docstrings may use: ``demo_store``, the bundled estate, scanned when it is first opened."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest


class DemoStore(os.PathLike[str]):
    """Path of a store that holds the demo."""

    def __fspath__(self) -> str:
        return str(_scanned())


@cache
def _scanned() -> Path:
    from graphinv.pipeline.bundled import bundled
    from graphinv.pipeline.demo import materialise
    from graphinv.pipeline.stages import scan

    folder = Path(tempfile.mkdtemp(prefix="graphinv-examples-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    materialise(bundled("data") / "demo", folder / "demo")
    scan(str(folder / "graph"), [folder / "demo"], at="2026-07-10T00:00:00Z")
    return folder / "graph"


@pytest.fixture(autouse=True)
def _examples(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace["demo_store"] = DemoStore()
