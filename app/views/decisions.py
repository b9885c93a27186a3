"""Decisions: what the enforcement points on the riskiest paths would answer, hop by hop, as far as the graph knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import streamlit as st
from widgets import (
    UNKNOWN,
    Contents,
    agent_words,
    card,
    choose,
    coloured,
    contents,
    frame,
    header,
    height,
    no_agents,
    pick,
    section,
    short,
)

from graphinv.model.errors import NotFound
from graphinv.model.text import counted, plain
from graphinv.model.verdicts import WORDS, Decision
from graphinv.pipeline.simulate import Simulation, paths_of, simulate

MOST = 25
ALL = ""  # in the place of an agent's id
CARDS: dict[Decision, str] = {
    "deny": "Paths on which a hop would be refused",
    "step_up": "Paths on which a hop would be asked for step-up, and none refused",
    "unknown": "Paths with a point of which nobody states what it would answer. That is no refusal.",
    "allow": "Paths with points that let all pass, or only watch",
    "not_asked": "Paths without any point, as far as the graph knows",
}


def show() -> None:
    """The page."""
    shown = contents()
    header(
        shown,
        "Decisions",
        "What a runtime decision would say to each hop of the riskiest paths (posture lens). Nobody is asked.",
    )
    if not shown.agents:
        no_agents(shown)
        return
    words = {ALL: "the riskiest paths of all agents", **agent_words(shown.agents)}
    agent = choose("Agent", list(words), "decisions_agent", words=words.__getitem__)
    found = _simulated((shown.summary.store, shown.stamp), agent, shown)
    st.caption(
        "Hypothetical: the points that the graph knows are taken at their word. `graphinv simulate --pdp URL` asks a decision point of "
        "yours, and marks where it contradicts what is counted on here."
    )
    if not found:
        st.info("No path leads to anything that weighs anything, as far as the graph knows.")
        return
    _counts(found)
    _hops(shown, found[_paths(shown, found)])


@st.cache_resource(max_entries=64, show_spinner="Asking hop by hop …")
def _simulated(stamp: Hashable, agent: str, _shown: Contents) -> list[Simulation]:
    try:
        paths = paths_of(_shown.engine, _shown.analysis, None if agent == ALL else ("Agent", agent), None, None, MOST)
    except NotFound:
        return []
    return list(simulate(_shown.engine, paths, None))


def _counts(found: Sequence[Simulation]) -> None:
    counts = Counter(one.verdict for one in found)
    against = sum(len(one.contradictions) for one in found)
    loose = sum(one.enforced is False for one in found)
    with st.container(horizontal=True):
        for decision, about in CARDS.items():
            card(WORDS[decision].capitalize(), f"{counts[decision]:,}", f"of {counted(len(found), 'path')}", help=about)
        card("Stopped on paper", f"{loose:,}", help="Paths whose stop is at a point that is not known to enforce: nobody may ever ask it")
        card("Contradictions", f"{against:,}", help="Hops that would be refused, and that were seen at work")


def _paths(shown: Contents, found: Sequence[Simulation]) -> int:
    rows = [
        {
            "agent": shown.name(one.subject),
            "can": one.action,
            "target": shown.name(one.target),
            "sensitivity": shown.sensitivity(one.target),
            "comes to": one.comes_to,
            "hops": len(one.hops),
            **{WORDS[name]: sum(hop.verdict == name for hop in one.hops) for name in ("unknown", "not_asked")},
            "contradictions": len(one.contradictions),
            "id of agent": plain(one.subject[1]),
            "id of target": plain(one.target[1]),
        }
        for one in found
    ]
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return pick(
        rows,
        f"decisions_paths_{hash(tuple((one.subject, one.target, one.action) for one in found))}",
        sensitivities=["sensitivity"],
        columns={
            "agent": text(width=190),
            "target": text(width=170),
            "comes to": text(width=330),
            "hops": number(width=50),
            WORDS["unknown"]: number(width=75, help="Hops at which nobody can tell what is decided"),
            WORDS["not_asked"]: number(width=95, help="Hops at which no point stands, as far as the graph knows"),
            "contradictions": number(width=100),
        },
    )


def _hops(shown: Contents, one: Simulation) -> None:
    section("Hop by hop")
    st.text(f"{short(shown.name(one.subject))} can {one.action} {short(shown.name(one.target))}: {one.comes_to}.")
    rows = [
        {
            "hop": hop.hop,
            "from": shown.name(hop.source),
            "posture": plain(hop.words),
            "decision": WORDS[hop.verdict],
            "why": plain(hop.reason),
            "seen at work": "yes" if hop.seen else "not seen",
            "contradiction": plain(hop.contradiction),
            "asked for": plain(hop.action),
            "to": f"{hop.target[0]}:{plain(hop.target[1])}",
        }
        for hop in one.hops
    ]
    text = st.column_config.TextColumn
    st.dataframe(
        coloured(frame(rows, list(rows[0]))),
        hide_index=True,
        height=height(len(rows)),
        column_config={
            "hop": st.column_config.NumberColumn(width=40),
            "from": text(width=150),
            "posture": text(width=300, help="What inventory says that the hop allows"),
            "decision": text(width=100, help=f"What the points on it would answer; {UNKNOWN} is no refusal"),
            "why": text(width=300),
            "seen at work": text(width=95),
            "contradiction": text(width=190),
        },
    )


show()
