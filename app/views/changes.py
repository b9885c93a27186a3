"""Changes before they are made: the edges on which most depends, the least that keeps agents from a target, and what a change would do."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import streamlit as st
from widgets import (
    LENSES,
    Contents,
    choose,
    coloured,
    contents,
    frame,
    header,
    height,
    known,
    no_agents,
    places,
    section,
    selected,
    short,
)

from graphinv.model.errors import GraphinvError
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import ChokePoint, Cut, EdgeName, Lens, LensChange, WhatIf
from graphinv.model.text import counted, plain
from graphinv.pipeline.what_if import parsed, what_if

EDGE = "change_edge"
DECISIONS = {
    "remove": "Remove it",
    "deny": "A decision that denies",
    "step_up": "A decision that asks for step-up",
    "monitor": "A monitor, which stops nothing",
}


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Changes", "What most privileges hang on, and what a change would do. Nothing is changed here.")
    if not shown.agents:
        no_agents(shown)
        return
    lens: Lens = st.segmented_control("Lens", list(LENSES), key="changes_lens", default="posture", required=True)
    st.caption(f"**{lens}** lens: {LENSES[lens]}")
    stamp = (shown.summary.store, shown.stamp)
    targets = _targets(shown)
    if not targets:
        st.info("No agent reaches anything that can be acted on, as far as the graph knows.")
        return
    choke, cut, what = st.container(), st.container(), st.container()
    with choke:
        section("Choke points", "Edges that pairs of agent and target depend on. Select one to see what removing it would do.")
    with cut:  # a cut takes a part of a second, and the choke points of a large estate several: it stands there before they do
        cut_edges = _cut(shown, stamp, lens, targets)
    with choke:
        points, pairs = _points(stamp, lens, shown)
        _choke_points(shown, points, pairs)
    edges = {point.edge.key: point.edge for point in points} | {edge.key: edge for edge in cut_edges}
    if edges:
        with what:
            _what_if(shown, stamp, edges)


@st.cache_resource(max_entries=16, show_spinner="Looking for what most depends on …")
def _points(stamp: Hashable, lens: Lens, _shown: Contents) -> tuple[list[ChokePoint], int]:
    return _shown.engine.chokepoints(lens)


@st.cache_resource(max_entries=64, show_spinner="Looking for the least that has to change …")
def _least(stamp: Hashable, lens: Lens, target: NodeKey, _shown: Contents) -> Cut:
    return _shown.engine.cut(target, (), lens)


@st.cache_resource(max_entries=64, show_spinner="Judging before and after …")
def _outcome(stamp: Hashable, key: str, decision: str, findings: bool, _shown: Contents) -> WhatIf | str:
    remove, guard = ([key], []) if decision == "remove" else ([], [f"{key}={decision}"])
    try:
        return what_if(_shown.engine, parsed(_shown.estate, remove, guard, (), ()), findings=findings)
    except GraphinvError as error:
        return str(error)


def _edge(shown: Contents, edge: EdgeName) -> dict[str, object]:
    return {"from": shown.name(edge.source), "edge": edge.edge, "to": shown.name(edge.target)}


def _ids(edge: EdgeName) -> dict[str, object]:
    return {"id of from": ":".join(map(plain, edge.source)), "id of to": ":".join(map(plain, edge.target)), "key": edge.key[:12]}


def _choke_points(shown: Contents, points: Sequence[ChokePoint], pairs: int) -> None:
    said = f"{counted(pairs, 'pair')} with {len(shown.engine.precious):,} crown jewels, restricted and confidential targets."
    unvalued = shown.engine.unvalued
    st.caption(said + (f" :orange[Not counted: {counted(unvalued, 'resource')} of unknown sensitivity.]" if unvalued else ""))
    if not points:
        st.info("No pair that was counted hangs on a single edge.")
        return
    rows = [
        {
            "pairs": point.pairs,
            "share": point.share * 100,
            "targets": len(point.targets),
            **_edge(shown, point.edge),
            "runtime decision": "; ".join(f"{plain(guard.id)}: {plain(guard.would)}" for guard in point.guards) or "none",
            "stated in": places(point.sources, 1),
            "evidence": known(point.evidence),
            **_ids(point.edge),
        }
        for point in points
    ]
    keys = [point.edge.key for point in points]

    def take() -> None:
        row = selected(st.session_state.get("choke_points"))
        if row is not None and row < len(keys):
            st.session_state[EDGE] = keys[row]

    st.dataframe(
        coloured(frame(rows, list(rows[0]))),
        hide_index=True,
        height=height(len(rows), 10),
        key="choke_points",
        on_select=take,
        selection_mode="single-row",
        column_config={
            "pairs": st.column_config.NumberColumn(format="localized", help="Pairs that vanish if nothing passes this edge any more"),
            "share": st.column_config.NumberColumn(format="%.0f%%"),
        },
    )


def _targets(shown: Contents) -> list[NodeKey]:
    """What agents reach, with what is known to be precious first."""
    precious = set(shown.engine.precious)
    reached = {reach.target for reach in shown.analysis.reach if reach.subject[0] == "Agent"}
    return sorted(reached, key=lambda key: (key not in precious, shown.name(key), key))


def _cut(shown: Contents, stamp: Hashable, lens: Lens, targets: Sequence[NodeKey]) -> tuple[EdgeName, ...]:
    section("Cut", "The lightest set of edges to remove or guard so that no agent reaches a target.")
    target = choose("Target", targets, "cut_target", words=lambda key: f"{short(shown.name(key), 60)}  ·  {short(plain(key[1]), 80)}")
    cut = _least(stamp, lens, target, shown)
    if not cut.subjects:
        st.info("No agent reaches it under this lens, as far as the graph knows.")
    elif not cut.possible:
        st.warning("No set of edges that a person can change keeps all agents from it.", icon=":material/block:")
    else:
        light = "No lighter set works." if cut.proven else "A lighter set may exist."
        what = f"{counted(len(cut.edges), 'edge')} to change, {counted(cut.subjects, 'agent')} kept from it ({', '.join(cut.actions)})"
        st.caption(f"{what}. Weight {cut.weight:g}. {light}")
        rows = [{"weight": weight, **_edge(shown, edge), **_ids(edge)} for edge, weight in zip(cut.edges, cut.weights, strict=True)]
        st.dataframe(frame(rows, list(rows[0])), hide_index=True, height=height(len(rows), 8))
    return cut.edges


def _what_if(shown: Contents, stamp: Hashable, edges: dict[str, EdgeName]) -> None:
    section("What if", "What one change would do.")

    def words(key: str) -> str:
        edge = edges[key]
        return f"{short(shown.name(edge.source), 50)}  {edge.edge}  {short(shown.name(edge.target), 50)}  ·  {key[:12]}"

    left, middle, right = st.columns([0.5, 0.22, 0.28], vertical_alignment="bottom")
    with left:
        key = choose("Edge", list(edges), EDGE, words=words)
    with middle:
        decision = choose("Change", list(DECISIONS), "change_decision", words=DECISIONS.__getitem__)
    with right:
        findings = st.toggle("Judge the rules too", key="change_findings", help="Takes as long as two analyses; risk needs it")
    found = _outcome(stamp, key, decision, findings, shown)
    if isinstance(found, str):
        st.warning("This change cannot be judged.", icon=":material/block:")
        st.text(plain(found))
        return
    _lenses(found.lenses)
    posture = next((one for one in found.lenses if one.lens == ("posture" if decision == "remove" else "runtime")), None)
    if posture is not None:
        _gone(shown, posture)
    _scores(shown, found)
    if not found.findings_judged:
        st.caption("Rules were not judged for the change: how risk and findings would change is unknown.")
        return
    rows = [
        {
            "finding": what,
            "severity": one.severity,
            "rule": one.rule,
            "title": plain(one.title),
            "subject": shown.name(one.subject),
            "target": shown.name(one.target) if one.target else "",
        }
        for what, listed in (("goes", found.findings_gone), ("comes", found.findings_new))
        for one in listed
    ]
    st.dataframe(
        frame(rows, ["finding", "severity", "rule", "title", "subject", "target"]), hide_index=True, height=height(max(len(rows), 1), 8)
    )


def _lenses(lenses: Sequence[LensChange]) -> None:
    rows = [
        {"lens": one.lens, "atoms before": one.before, "after": one.after, "gone": len(one.gone), "new": len(one.new)} for one in lenses
    ]
    st.dataframe(frame(rows, list(rows[0])), hide_index=True, height="content")


def _gone(shown: Contents, change: LensChange) -> None:
    actions: dict[tuple[NodeKey, NodeKey], list[str]] = {}
    for agent, (kind, id, action) in change.gone:
        actions.setdefault((agent, (kind, id)), []).append(action)
    if not actions:
        st.caption(f"No agent loses anything under the {change.lens} lens.")
        return
    st.caption(f"What agents could no longer do ({change.lens} lens): {counted(len(actions), 'pair')} of agent and target.")
    rows = [
        {
            "agent": shown.name(agent),
            "no longer": ", ".join(sorted(names, key=ACTIONS.index)),
            "target": shown.name(target),
            "sensitivity": shown.sensitivity(target),
            "id of target": plain(target[1]),
            "id of agent": plain(agent[1]),
        }
        for (agent, target), names in actions.items()
    ]
    data = coloured(frame(rows, list(rows[0])), sensitivities=["sensitivity"])
    st.dataframe(data, hide_index=True, height=height(len(rows), 8))


def _scores(shown: Contents, found: WhatIf) -> None:
    if not found.scores:
        return
    rows = []
    for one in found.scores:
        row: dict[str, object] = {"agent": shown.name(one.subject)}
        if found.findings_judged:
            row |= {"risk": one.risk[0], "risk after": one.risk[1]}
        row |= {"impact": one.impact[0], "impact after": one.impact[1]}
        row |= {"ungoverned": one.impact_ungoverned[0], "ungoverned after": one.impact_ungoverned[1]}
        row |= {"runtime": one.impact_runtime[0], "runtime after": one.impact_runtime[1]}
        rows.append(row | {"id of agent": plain(one.subject[1])})
    numbers = {name: st.column_config.NumberColumn(format="%.1f") for name, value in rows[0].items() if isinstance(value, float)}
    st.caption("Impact of these agents before and after: posture, and what the ungoverned and the runtime lens leave of it.")
    st.dataframe(frame(rows, list(rows[0])), hide_index=True, height=height(len(rows), 8), column_config=numbers)


show()
