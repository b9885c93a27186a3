"""Queries: the library for investigations, and Cypher of one's own, read-only."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import streamlit as st
from widgets import Contents, choose, coloured, contents, frame, header, height, short

from graphinv.model.csvform import csv_table
from graphinv.model.errors import GraphinvError, NotFound, QueryLimit
from graphinv.model.text import counted, plain
from graphinv.pipeline.absent import absent
from graphinv.pipeline.stages import library
from graphinv.store import Rows, Store, store_url
from graphinv.store.guarded import GuardedQueries, asking

if TYPE_CHECKING:
    from graphinv.analyze.library import Parameter, Query

OWN = "Cypher of one's own"
SECONDS, MOST_ROWS, MOST_OFFERED = 30.0, 10_000, 5_000
FIRST = """MATCH (a:Agent)-[r:CAN_REACH {lens: 'ungoverned'}]->(t:Resource)
WHERE t.crown_jewel
RETURN a.id AS agent, r.actions AS actions, r.hops AS hops, t.id AS target
ORDER BY agent, target"""


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Queries", "The graph in Cypher. Queries read; none can write.")
    queries = sorted(library().values(), key=lambda one: (one.topic, one.title))
    topic, name = st.columns([0.25, 0.75])
    with topic:
        about = choose("Topic", ["any", *sorted({one.topic for one in queries}), OWN], "queries_topic")
    if about == OWN:
        _own(shown)
        return
    offered = {one.name: one for one in queries if about in ("any", one.topic)}
    with name:
        chosen = choose("Question", list(offered), "queries_name", words=lambda one: offered[one].title)
    _of_library(shown, offered[chosen])


def _of_library(shown: Contents, asked: Query) -> None:
    st.text(asked.question)
    st.caption(asked.when)
    given: dict[str, object] = {}
    for name, parameter in asked.parameters.items():
        value = _value(shown, f"queries_{asked.name}_{name}", name, parameter)
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
            _answer(shown, asked.cypher, bound, asked)
    with st.expander("Its Cypher"):
        st.code(asked.cypher, language="cypher")
        st.caption(f"On the command line: `graphinv query {asked.name}`")


def _value(shown: Contents, key: str, name: str, parameter: Parameter) -> object:
    """What is chosen or typed for a parameter; empty where its default is to hold."""
    values = ("true", "false") if parameter.type == "boolean" else parameter.values
    if values:
        return choose(name, values, key, wanted=parameter.default_text, help=parameter.meaning)
    label, hint = f"{name} ({parameter.type})", parameter.default_text or parameter.meaning
    names = {node.id: plain(node.name) for kind in parameter.of for node in shown.estate.of_kind(kind)}
    if 0 < len(names) <= MOST_OFFERED:
        return st.selectbox(
            label,
            sorted(names, key=lambda id: (names[id].casefold(), id)),
            index=None,
            key=key,
            format_func=lambda id: f"{short(names[id], 60)}  ·  {short(plain(id), 80)}" if id in names else plain(id),
            placeholder=hint,
            help=parameter.meaning,
            accept_new_options=True,
        )
    return st.text_input(label, key=key, placeholder=hint, help=parameter.meaning).strip()


def _own(shown: Contents) -> None:
    with st.form("queries_own", border=False):
        cypher = st.text_area("Cypher", FIRST, height=180, key="queries_cypher")
        asked = st.form_submit_button("Ask", icon=":material/search:", type="primary")
    if asked or st.session_state.get("queries_asked") == cypher:
        st.session_state["queries_asked"] = cypher
        _answer(shown, cypher, {})


@st.cache_resource(max_entries=1, show_spinner="Opening the store …", on_release=lambda opened: opened.close())
def _opened(stamp: Hashable, url: str) -> GuardedQueries | Store:
    """Whoever answers; it is kept for the next question, until the store was written to."""
    return asking(url)


def _answer(shown: Contents, cypher: str, params: dict[str, Any], asked: Query | None = None) -> None:
    """The rows, or why there are none; too many of them are an error, never cut off silently."""
    gone: list[str] = []
    try:
        store = _opened(shown.stamp, store_url())
        with st.spinner("Asking …"):
            found = store.query(cypher, params, timeout=SECONDS, max_rows=MOST_ROWS)
            if asked and not found.rows:
                gone = absent(store, asked, params)
    except NotFound as error:
        st.warning("Nothing in the graph is called so.", icon=":material/search_off:")
        st.text(plain(str(error)))
        return
    except QueryLimit as error:
        st.warning("The query took more than the page gives it; the command line takes higher limits.", icon=":material/timer_off:")
        st.text(plain(str(error)))
        return
    except GraphinvError as error:
        st.error("The query was refused.")
        st.text(plain(str(error)))
        return
    for line in gone:
        st.text(plain(line))
    _table(found, asked.columns if asked else {})


def _table(found: Rows, columns: dict[str, str]) -> None:
    names = [plain(name) for name in found.columns]
    if not found.rows:
        st.info("No row: nothing in the graph is so, as far as the graph knows.")
        return
    rows = [{name: _cell(cell) for name, cell in zip(names, row, strict=True)} for row in found.rows]
    st.caption(counted(len(rows), "row"))
    st.dataframe(
        coloured(frame(rows, names)),
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
