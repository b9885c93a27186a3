"""Names of strangers on every page: text, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import edge, node, put
from tests.app.pages import VIEWS, opened, picture

MARKUP = (
    "markdown",
    "caption",
    "subheader",
    "header",
    "title",
    "info",
    "warning",
    "success",
    "error",
    "metric",
    "expander",
    "tabs",
    "button",
)


def texts(page: AppTest) -> Iterator[str]:
    """Whatever is shown as Markdown or may be taken for it."""
    for kind in MARKUP:
        for one in page.get(kind):
            for name in ("value", "label", "help", "delta"):
                value = getattr(one, name, None)
                if isinstance(value, str):
                    yield value


@pytest.mark.parametrize("view", VIEWS)
def test_names_are_never_taken_for_markup(hostile_store: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    page = opened(hostile_store, monkeypatch, view)
    shown = "\n".join(texts(page))
    for sign in ("script", "javascript", "bold", "x^2", "smile", "lines", "ansi", "evil", "gnp", "&", "\\N"):
        assert sign not in shown, sign
    for text in page.text:
        assert text.value.isprintable()


def test_a_long_name_fills_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "name " * 400
    agent, identity, resource = ("Agent", f"a{long}"), ("Identity", f"i{long}"), ("Resource", f"r{long}")
    facts = [
        node(*agent, name=long),
        node(*resource, name=long, sensitivity="restricted"),
        edge("RUNS_AS", agent, identity),
        edge("CAN_ACCESS", identity, resource, actions=["admin"]),
    ]
    store = put(tmp_path, facts)
    for view in VIEWS:
        page = opened(store, monkeypatch, view)
        assert [text.value for text in page.text if len(text.value) > 400] == [], view


@pytest.mark.parametrize("view", VIEWS)
def test_names_steer_nothing_in_tables_and_pictures(hostile_store: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    page = opened(hostile_store, monkeypatch, view)
    for one in page.dataframe:
        for column in one.value.columns:
            for cell in one.value[column]:
                assert not isinstance(cell, str) or cell.isprintable(), cell
    for chart in page.get("graphviz_chart"):
        assert chart.proto.spec.replace("\n", "").isprintable()


def test_every_hostile_agent_can_be_chosen(hostile_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(hostile_store, monkeypatch, VIEWS[2])
    for option in range(len(page.selectbox[0].options)):
        page.selectbox[0].select_index(option).run()
        assert not page.exception
        assert 'class="path"' in picture(page)
