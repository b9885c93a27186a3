"""Queries: the library for investigations, and Cypher of one's own, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from widgets import choose, contents, frame, header, height

from graphinv.analyze.library import Parameter, Query
from graphinv.export.support.escape import table as csv_table
from graphinv.model.errors import GraphinvError, QueryLimit
from graphinv.model.text import plain
from graphinv.pipeline.stages import library
from graphinv.store import Rows, store_url
from graphinv.store.guarded import asking

OWN = "Cypher of one's own"
SECONDS, MOST_ROWS = 30.0, 10_000
FIRST = """MATCH (a:Agent)-[r:CAN_REACH {lens: 'ungoverned'}]->(t:Resource)
WHERE t.crown_jewel
RETURN a.id AS agent, r.actions AS actions, r.hops AS hops, t.id AS target
ORDER BY agent, target"""


def show() -> None:
    """The page."""
    header(contents(), "Queries", "The graph in Cypher. Queries read; none can write.")
    queries = sorted(library().values(), key=lambda one: (one.topic, one.title))
    topic, name = st.columns([0.25, 0.75])
    with topic:
        about = choose("Topic", ["any", *sorted({one.topic for one in queries}), OWN], "queries_topic")
    if about == OWN:
        _own()
        return
    offered = {one.name: one for one in queries if about in ("any", one.topic)}
    with name:
        chosen = choose("Question", list(offered), "queries_name", words=lambda one: offered[one].title)
    _of_library(offered[chosen])


def _of_library(asked: Query) -> None:
    st.text(asked.question)
    st.caption(asked.when)
    given: dict[str, object] = {}
    for name, parameter in asked.parameters.items():
        value = _value(f"queries_{asked.name}_{name}", name, parameter)
        if value not in (None, ""):
            given[name] = value
    needed = [name for name, one in asked.parameters.items() if one.default_text is None and name not in given]
    if needed:
        st.info(f"It needs {', '.join(needed)}.")
    else:
        try:
            bound = asked.bind(given)
        except GraphinvError as error:
            st.error("This cannot be asked.")
            st.text(plain(str(error)))
        else:
            _answer(asked.cypher, bound, asked.columns)
    with st.expander("Its Cypher"):
        st.code(asked.cypher, language="cypher")
        st.caption(f"On the command line: `graphinv query {asked.name}`")


def _value(key: str, name: str, parameter: Parameter) -> object:
    """What is typed for a parameter; empty where its default is to hold."""
    if parameter.type == "boolean":
        return choose(name, ["true", "false"], key, wanted=parameter.default_text, help=parameter.meaning)
    return st.text_input(
        f"{name} ({parameter.type})", key=key, placeholder=parameter.default_text or parameter.meaning, help=parameter.meaning
    ).strip()


def _own() -> None:
    with st.form("queries_own", border=False):
        cypher = st.text_area("Cypher", FIRST, height=180, key="queries_cypher")
        asked = st.form_submit_button("Ask", icon=":material/search:", type="primary")
    if asked or st.session_state.get("queries_asked") == cypher:
        st.session_state["queries_asked"] = cypher
        _answer(cypher, {}, {})


def _answer(cypher: str, params: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    """The rows, all of them or the first :data:`MOST_ROWS` of them, never silently."""
    try:
        with asking(store_url()) as store, st.spinner("Asking …"):
            found = store.query(cypher, params, timeout=SECONDS, max_rows=MOST_ROWS)
    except QueryLimit as error:
        st.warning("The query took more than the page gives it; the command line takes higher limits.", icon=":material/timer_off:")
        st.text(plain(str(error)))
        return
    except GraphinvError as error:
        st.error("The query was refused.")
        st.text(plain(str(error)))
        return
    _table(found, columns)


def _table(found: Rows, columns: Mapping[str, str]) -> None:
    names = [plain(name) for name in found.columns]
    if not found.rows:
        st.info("No row: nothing in the graph is so, as far as the graph knows.")
        return
    rows = [{name: _cell(cell) for name, cell in zip(names, row, strict=True)} for row in found.rows]
    st.caption(f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}")
    st.dataframe(
        frame(rows, names),
        hide_index=True,
        height=height(len(rows), 16),
        placeholder="null",
        column_config={name: st.column_config.Column(help=plain(columns[name])) for name in names if name in columns},
    )
    text = csv_table(names, (["" if cell is None else str(cell) for cell in row.values()] for row in rows))
    st.download_button("Download as CSV", text, "graphinv-query.csv", "text/csv", icon=":material/download:")


def _cell(value: Any) -> Any:
    """A cell that a table shows as it is."""
    if isinstance(value, str):
        return plain(value)
    return plain(str(value)) if isinstance(value, (list, dict, tuple)) else value


show()
