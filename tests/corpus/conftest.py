"""The corpus of other people's files lies beside the checkout, not in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Its folder. GRAPHINV_SHARED names another place for ``../shared``."""
    shared = Path(os.environ.get("GRAPHINV_SHARED") or Path(__file__).parents[3] / "shared")
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip("../shared/corpus is not here")
    return folder
