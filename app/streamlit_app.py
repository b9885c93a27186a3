"""The dashboard: `graphinv app` opens it on the store that GRAPHINV_STORE names. It shows what the pipeline answers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config(page_title="graphinv", page_icon=str(HERE / "icon.svg"), layout="wide")
st.html(HERE / "style.css")
st.navigation(
    [
        st.Page("views/overview.py", title="Overview", icon=":material/dashboard:", default=True),
        st.Page("views/findings.py", title="Findings", icon=":material/report:"),
        st.Page("views/agents.py", title="Agents", icon=":material/smart_toy:"),
        st.Page("views/blast_radius.py", title="Blast radius", icon=":material/hub:"),
        st.Page("views/decisions.py", title="Decisions", icon=":material/gavel:"),
        st.Page("views/changes.py", title="Changes", icon=":material/content_cut:"),
        st.Page("views/queries.py", title="Queries", icon=":material/search:"),
    ],
    position="top",
).run()
