"""Findings: what is wrong, by the change that clears most of it or one by one, each with its proof."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import streamlit as st
from proof import finding_details
from widgets import (
    UNKNOWN,
    Contents,
    card,
    choose,
    contents,
    first,
    header,
    pick,
    places,
    rules_not_judged,
    short,
    when,
)

from graphinv.model.results import LEVELS, Cause, Finding, worst_first
from graphinv.model.text import counted, plain
from graphinv.pipeline.summary import causes

STATES = {
    "open": "What the last analysis found, and what it could not tell to be gone.",
    "came back": "Open again after it was fixed.",
    "fixed": "What an analysis that could tell found no more.",
}
PRIORITY = "Priority orders findings of one level: impact of what it leads to × likelihood of its rule × confidence, 0 to 100"
BY_CHANGE, ONE_BY_ONE = "by the change that clears them", "one by one"


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Findings", "What is wrong, how sure that is, and what clears it.")
    _counts(shown)
    found = _filtered(shown)
    if not found:
        st.info("No finding fits the filters. Rules that could not be judged are no pass: the overview lists them.")
        return
    how = st.segmented_control("Shown", [BY_CHANGE, ONE_BY_ONE], key="findings_how", default=BY_CHANGE, required=True)
    if how == BY_CHANGE:
        found = _of_one_change(shown, found)
    _table(shown, found)


def _counts(shown: Contents) -> None:
    """Open findings of each level, and how much could not be judged."""
    with st.container(horizontal=True):
        for level in LEVELS:
            card(level.capitalize(), f"{shown.summary.severities[level]:,}")
        card("Fixed", f"{len(shown.analysis.fixed):,}", help="Kept, and not counted among the others")
        rules_not_judged(shown)


def _filtered(shown: Contents) -> list[Finding]:
    state, search, levels, rules = st.columns([0.17, 0.33, 0.22, 0.28], vertical_alignment="bottom")
    with state:
        chosen = choose("State", list(STATES), "findings_state", help="\n\n".join(f"**{name}**: {text}" for name, text in STATES.items()))
    found: Sequence[Finding] = shown.analysis.fixed if chosen == "fixed" else shown.analysis.findings
    if chosen == "came back":
        found = [one for one in found if one.reopened]
    said = search.text_input("Search", placeholder="title, name, id, owner, file, framework or key", key="findings_search")
    text = said.strip().casefold()
    wanted = levels.multiselect("Level", LEVELS, key="findings_level", placeholder="any")
    titles = {rule.rule: rule.title for rule in shown.analysis.rules}
    about = rules.multiselect(
        "Rule",
        sorted({one.rule for one in found}),
        key="findings_rule",
        placeholder="any",
        format_func=lambda rule: f"{rule} {plain(titles.get(rule, ''))}",
    )
    return sorted(
        (
            one
            for one in found
            if (not wanted or one.severity in wanted)
            and (not about or one.rule in about)
            and (not text or any(text in part.casefold() for part in _said(shown, one)))
        ),
        key=worst_first,
    )


def _said(shown: Contents, one: Finding) -> Iterable[str]:
    ends = (one.subject, one.target) if one.target else (one.subject,)
    names = (part for end in ends for part in (end[1], shown.name(end)))
    return (one.title, one.rule, one.key, *one.owners, *one.sources, *one.frameworks, *names)


@st.cache_resource(max_entries=16, show_spinner="Looking for what clears most …")
def _causes(stamp: Hashable, which: int, _found: list[Finding], _shown: Contents) -> list[Cause]:
    return causes(_found, _shown.estate)


def _of_one_change(shown: Contents, found: list[Finding]) -> list[Finding]:
    """The findings that the change chosen in a table of changes would clear."""
    every = _causes((shown.summary.store, shown.stamp), hash(tuple(one.key for one in found)), found, shown)
    st.caption(f"{counted(len(every), 'change')} would clear {counted(len(found), 'finding')}. One row is one ticket.")
    changes = first(every, "change")
    sources = {one.key: one.sources for one in found}
    rows = [
        {
            "worst": change.severity,
            "takes away": change.priority,
            "findings": change.findings,
            "change": plain(change.title),
            "what": "edge" if change.edge else "node" if change.node else "finding",
            "rules": ", ".join(change.rules),
            "stated in": places(_stated(shown, change) or sources[change.keys[0]]),
            "key": plain(change.cause),
        }
        for change in changes
    ]
    row = pick(
        rows,
        f"findings_changes_{hash(tuple(change.cause for change in changes))}",
        ["worst"],
        columns={
            "worst": st.column_config.TextColumn(width=70),
            "takes away": st.column_config.NumberColumn(
                format="%.0f", width=75, help=f"The priorities of its findings, added up. {PRIORITY}"
            ),
            "findings": st.column_config.NumberColumn(width=70),
            "change": st.column_config.TextColumn(width=360, help="The edge or the thing whose change clears them"),
            "what": st.column_config.TextColumn(width=60),
            "rules": st.column_config.TextColumn(width=250),
            "stated in": st.column_config.TextColumn(width=320),
        },
    )
    keys = frozenset(changes[row].keys)
    return [one for one in found if one.key in keys]


def _stated(shown: Contents, change: Cause) -> tuple[str, ...]:
    """Where what is to change is stated."""
    if change.edge:
        return next((edge.sources for edge in shown.estate.outgoing.get(change.edge.source, ()) if edge.key == change.cause), ())
    return shown.estate.nodes[change.node].sources if change.node else ()


def _table(shown: Contents, every: list[Finding]) -> None:
    found = first(every, "finding")
    rows = [
        {
            "severity": one.severity,
            "priority": one.priority,
            "rule": one.rule,
            "finding": plain(one.title),
            "subject": f"{one.subject[0]} {shown.name(one.subject)}",
            "target": f"{one.target[0]} {shown.name(one.target)}" if one.target else "",
            "sure": one.confidence * 100,
            "owner": ", ".join(map(plain, one.owners)) or UNKNOWN,
            "state": _state(one),
            "key": one.key,
        }
        for one in found
    ]
    row = pick(
        rows,
        f"findings_table_{hash(tuple(one.key for one in found))}",
        ["severity"],
        columns={
            "severity": st.column_config.TextColumn(width=75),
            "priority": st.column_config.NumberColumn(format="%.1f", width=60, help=PRIORITY),
            "rule": st.column_config.TextColumn(width=95),
            "finding": st.column_config.TextColumn(width=420),
            "subject": st.column_config.TextColumn(width=200),
            "target": st.column_config.TextColumn(width=200),
            "sure": st.column_config.NumberColumn(format="%.0f%%", width=60, help="Confidence of the weakest hop; apart from severity"),
        },
    )
    one = found[row]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(f"{one.severity}: {short(plain(one.title), 160)}")
            is_agent = one.subject[0] == "Agent" and one.subject in shown.estate.nodes
            if is_agent and st.button("Show its blast radius", icon=":material/hub:"):
                st.session_state["agent"] = one.subject[1]
                st.switch_page("views/blast_radius.py")
        finding_details(shown, one)


def _state(one: Finding) -> str:
    """Where a finding is in its life, for people."""
    if one.fixed_at:
        return f"fixed {when(one.fixed_at)}"
    if one.unconfirmed:
        return "open, not confirmed by the last analysis"
    if one.reopened_at:
        return f"came back {when(one.reopened_at)}"
    return f"open since {when(one.first_seen)}"


show()
