"""Opening pages of the dashboard in Streamlit's own test runner, and finding what stands on them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "app" / "streamlit_app.py"
VIEWS = (
    "views/overview.py",
    "views/agents.py",
    "views/blast_radius.py",
    "views/changes.py",
    "views/findings.py",
    "views/queries.py",
    "views/decisions.py",
)


def opened(url: Path | str, monkeypatch: pytest.MonkeyPatch, view: str = VIEWS[0], **asked: str) -> AppTest:
    """A page on the store at ``url``, with these parameters in its address."""
    monkeypatch.setenv("GRAPHINV_STORE", str(url))
    page = AppTest.from_file(str(APP), default_timeout=60)
    if view != VIEWS[0]:
        page.switch_page(view)
    for name, value in asked.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def table(page: AppTest, *columns: str) -> pd.DataFrame:
    """The first table that has these columns."""
    for one in page.dataframe:
        if set(columns) <= set(one.value.columns):
            return one.value
    raise AssertionError(f"no table has the columns {columns}")


def picture(page: AppTest) -> str:
    """The one picture, in the language of Graphviz."""
    found = page.get("graphviz_chart")
    assert len(found) == 1
    return str(found[0].proto.spec)
