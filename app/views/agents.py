"""Agents: the inventory, and everything that is known of one of them."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from proof import finding_details
from widgets import (
    MOST_ROWS,
    RISK_COLUMN,
    UNKNOWN,
    Contents,
    card,
    coloured,
    contents,
    first,
    frame,
    header,
    height,
    known,
    level_colours,
    no_agents,
    pick,
    places,
    section,
    selected,
    short,
    when,
    words_colour,
)

from graphinv.model.estate import EdgeRecord
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.results import LEVELS, Finding, Score, worst_first
from graphinv.model.text import counted, plain
from graphinv.pipeline.inventory import AgentEntry

NOT_SCORED = "not scored"
_UNSAID = frozenset({"evidence", "sources", "confidence", "first_seen", "last_seen"})


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Agents", "Risk and impact are of the posture lens; counts are of direct edges.")
    if not shown.agents:
        no_agents(shown)
        return
    fitting = _filtered(shown.agents)
    agents = [*first(fitting, "agent"), *(one for one in fitting[MOST_ROWS:] if one.id == st.session_state.get("agent"))]
    if not agents:
        st.info("No agent fits the filters.")
        return
    agent = _table(agents)
    st.session_state["agent"] = agent.id
    _details(shown, agent)


def _filtered(agents: Iterable[AgentEntry]) -> list[AgentEntry]:
    agents = list(agents)
    search, framework, environment, level, owner = st.columns([0.3, 0.2, 0.17, 0.17, 0.16], vertical_alignment="bottom")
    text = search.text_input("Search", placeholder="name, id, owner or file", key="agents_search").strip().casefold()
    frameworks = framework.multiselect("Framework", _values(agent.framework for agent in agents), key="agents_framework", placeholder="any")
    environments = environment.multiselect(
        "Environment", _values(agent.environment for agent in agents), key="agents_environment", placeholder="any"
    )
    levels = level.multiselect("Level", [*LEVELS, NOT_SCORED], key="agents_level", placeholder="any")
    owned = owner.selectbox("Owner", ["any", "known", UNKNOWN], key="agents_owner")
    return [
        agent
        for agent in agents
        if (not text or any(text in part.casefold() for part in (agent.id, agent.name, *agent.owners, *agent.sources)))
        and (not frameworks or known(agent.framework) in frameworks)
        and (not environments or known(agent.environment) in environments)
        and (not levels or (agent.level or NOT_SCORED) in levels)
        and (owned == "any" or bool(agent.owners) == (owned == "known"))
    ]


def _values(values: Iterable[str | None]) -> list[str]:
    return sorted({known(value) for value in values}, key=lambda value: (value == UNKNOWN, value))


def _table(agents: list[AgentEntry]) -> AgentEntry:
    rows = [
        {
            "agent": plain(agent.name),
            "risk": agent.risk,
            "level": agent.level or NOT_SCORED,
            "framework": known(agent.framework),
            "environment": known(agent.environment),
            "status": known(agent.status),
            "autonomy": known(agent.autonomy),
            "owner": known(agent.owners),
            "impact": agent.impact,
            "ungoverned": agent.impact_ungoverned,
            "findings": agent.findings,
            "servers": agent.servers,
            "tools": agent.tools,
            "sub-agents": agent.sub_agents,
            "identities": agent.identities,
            "secrets": agent.secrets,
            "id": plain(agent.id),
        }
        for agent in agents
    ]
    ids = [agent.id for agent in agents]
    remembered = st.session_state.get("agent")
    start = ids.index(remembered) if remembered in ids else 0
    number = st.column_config.NumberColumn
    state = st.dataframe(
        coloured(
            frame(rows, list(rows[0])),
            ["level"],
        ),
        hide_index=True,
        height=height(len(rows), 9),
        placeholder=UNKNOWN,
        key=f"agents_table_{hash(tuple(ids))}",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [start], "columns": [], "cells": []}},
        column_config={
            "agent": st.column_config.TextColumn(width="medium"),
            "risk": RISK_COLUMN,
            "impact": number(format="%.0f", help="Under posture, 0 to 100"),
            "ungoverned": number(format="%.0f", help="Impact that no runtime decision stands in the way of"),
        },
    )
    row = selected(state)
    return agents[start if row is None or row >= len(agents) else row]


def _details(shown: Contents, agent: AgentEntry) -> None:
    key: NodeKey = ("Agent", agent.id)
    score = next((one for one in shown.analysis.scores if one.subject == key), None)
    findings = sorted(
        (one for one in shown.analysis.findings if key in (one.subject, one.target)),
        key=worst_first,
    )
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            name, id = short(plain(agent.name)), short(plain(agent.id))
            st.text(name if agent.name == agent.id else f"{name}   ({id})")
            if st.button("Show its blast radius", icon=":material/hub:", type="primary"):
                st.switch_page("views/blast_radius.py")
        tabs = st.tabs(["Score", f"Findings ({len(findings)})", "Edges", "Properties"])
        with tabs[0]:
            _score(score)
        with tabs[1]:
            _findings(shown, findings)
        with tabs[2]:
            _edges(shown, key)
        with tabs[3]:
            _properties(shown, agent)


def _score(score: Score | None) -> None:
    if score is None:
        st.text("Not scored: its risk is unknown.")
        return
    with st.container(horizontal=True):
        card("Risk", f"{score.risk:.1f}", score.level)
        card("Impact, posture", f"{score.impact:.1f}", counted(score.targets, "target"))
        card("Impact, ungoverned", f"{score.impact_ungoverned:.1f}", f"{score.atoms_ungoverned:,} of {counted(score.atoms, 'atom')}")
        card("Impact, runtime", f"{score.impact_runtime:.1f}", "left after decisions")
        card("Likelihood", f"{score.likelihood:.0%}", "of its findings")
        card("Through other agents", f"{score.hidden_atoms:,}", "atoms of hidden reach")
    st.caption("Risk is made of these parts, which add up to it. An atom is one action on one target.")
    if score.parts:
        _waterfall(score)
        st.dataframe(
            frame(
                ({"part": plain(part.what), "amount": part.amount, "because": plain(part.because)} for part in score.parts),
                ["part", "amount", "because"],
            ),
            hide_index=True,
            height=height(len(score.parts), 12),
            column_config={
                "part": st.column_config.TextColumn(width="large"),
                "amount": st.column_config.NumberColumn(format="%.1f", width=80),
            },
        )
    else:
        st.text("It reaches nothing that weighs anything, as far as the graph knows.")


def _waterfall(score: Score) -> None:
    """Where each part begins and ends on the way to the risk."""
    rows: list[dict[str, object]] = []
    begin = 0.0
    for number, part in enumerate(score.parts, 1):
        name = f"{number}. {short(plain(part.what), 70)}"
        rows.append({"part": name, "begin": begin, "end": begin + part.amount, "words": f"+{part.amount:.1f}", "of": "part"})
        begin += part.amount
    rows.append({"part": "risk", "begin": 0, "end": score.risk, "words": f"{score.risk:.1f} {score.level}", "of": "risk"})
    axis = {"labelLimit": 430, "labelColor": words_colour(), "ticks": False, "domain": False, "labelFontSize": 12}
    y = {"field": "part", "type": "nominal", "sort": None, "title": None, "axis": axis}
    scale = {"domain": ["part", "risk"], "range": ["#7c9cc9", level_colours()[score.level]]}
    x = {"field": "begin", "type": "quantitative", "title": None, "scale": {"domain": [0, 100]}}
    colour = {"field": "of", "type": "nominal", "legend": None, "scale": scale}
    end = {"field": "end", "type": "quantitative"}
    st.vega_lite_chart(
        spec={
            "data": {"values": rows},
            "layer": [
                {
                    "mark": {"type": "bar", "cornerRadius": 2, "height": 15},
                    "encoding": {"y": y, "x": x, "x2": {"field": "end"}, "color": colour},
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 5, "color": words_colour()},
                    "encoding": {"y": y, "x": end, "text": {"field": "words", "type": "nominal"}},
                },
            ],
        },
        height=25 * len(rows) + 40,
    )


def _findings(shown: Contents, findings: list[Finding]) -> None:
    if not findings:
        st.text("No findings. Rules that could not be judged are listed on the overview.")
        return
    rows = [
        {
            "severity": one.severity,
            "rule": one.rule,
            "finding": plain(one.title),
            "target": f"{one.target[0]} {shown.name(one.target)}" if one.target else "",
            "confidence": one.confidence * 100,
            "first seen": when(one.first_seen),
            "key": one.key,
        }
        for one in findings
    ]
    row = pick(
        rows,
        f"agents_findings_{findings[0].key}_{len(findings)}",
        ["severity"],
        most=8,
        columns={
            "severity": st.column_config.TextColumn(width=75),
            "rule": st.column_config.TextColumn(width=95),
            "finding": st.column_config.TextColumn(width="large"),
            "confidence": st.column_config.NumberColumn(format="%.0f%%", width=90, help="Of the weakest hop"),
        },
    )
    one = findings[row]
    finding_details(shown, one)


def _edges(shown: Contents, key: NodeKey) -> None:
    for title, edges in (("Out of it", shown.estate.outgoing.get(key, ())), ("Into it", shown.estate.incoming.get(key, ()))):
        section(title)
        if not edges:
            st.text("None is known.")
            continue
        rows = [_edge_row(shown, key, edge) for edge in edges]
        st.dataframe(coloured(frame(rows, list(rows[0]))), hide_index=True, height=height(len(rows), 8))


def _edge_row(shown: Contents, key: NodeKey, edge: EdgeRecord) -> dict[str, object]:
    other = edge.target if edge.source == key else edge.source
    about = {name: value for name, value in edge.props.items() if name not in _UNSAID and value is not None}
    return {
        "edge": edge.kind,
        "kind": other[0],
        "name": shown.name(other),
        "about it": "; ".join(f"{name}: {known(value)}" for name, value in sorted(about.items())),
        "evidence": known(edge.props.get("evidence")),
        "stated in": places(edge.sources),
        "id": plain(other[1]),
    }


def _properties(shown: Contents, agent: AgentEntry) -> None:
    props = shown.estate.nodes[("Agent", agent.id)].stated
    rows = [{"property": "id", "value": plain(agent.id)}, {"property": "owners", "value": known(agent.owners)}]
    for name, field in NODE_KINDS["Agent"].model_fields.items():
        value = props.get(name)
        if name == "gone_at" or (name == "last_seen" and value is None):
            continue
        rows.append({"property": name, "value": known(value), "meaning": field.description or ""})
    st.dataframe(
        coloured(frame(rows, ["property", "value", "meaning"]).fillna("")),
        hide_index=True,
        height=height(len(rows), 16),
        column_config={"value": st.column_config.TextColumn(width="large")},
    )


show()
