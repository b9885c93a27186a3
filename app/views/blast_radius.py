"""Blast radius: what one agent can reach under a lens, the path to one target, and what a decision on it would do."""

from __future__ import annotations

import streamlit as st
from canvas import Dot, Line, draw
from proof import hop_table
from widgets import (
    LENSES,
    Contents,
    agent_words,
    choose,
    coloured,
    contents,
    decisions,
    frame,
    header,
    height,
    is_dark,
    known,
    no_agents,
    radius,
    section,
    selected,
    sensitivity_of,
    short,
)

from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Hop, Lens
from graphinv.model.text import counted, plain
from graphinv.pipeline.blast import COMPARED, SENSITIVITIES, BlastRadius, BlastTarget

STRONGEST = "strongest"
TARGET = "blast_target"


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Blast radius", "What an agent can reach if it is hijacked, mis-prompted or wrong.")
    if not shown.agents:
        no_agents(shown)
        return
    asked = st.query_params
    ids = [agent.id for agent in shown.agents]
    words = agent_words(shown.agents)
    left, right = st.columns([0.46, 0.54])
    with left:
        wanted = st.session_state.get("agent") or asked.get("agent")
        agent = choose("Agent", ids, "blast_agent", words=words.__getitem__, wanted=wanted)
        st.session_state["agent"] = agent
    with right:
        lens = _lens(asked.get("lens"))
    st.caption(f"**{lens}** lens: {LENSES[lens]}")
    key: NodeKey = ("Agent", agent)
    everything = radius(shown, key, lens)
    if not everything.targets:
        st.info("It reaches nothing that can be acted on, as far as the graph knows.")
        return
    if st.session_state.get("blast_of") != agent:
        st.session_state["blast_of"] = agent
        st.session_state.pop(TARGET, None)
    target, action, size = _choices(everything, lens, asked.get("target"), asked.get("action"))
    found = radius(shown, key, lens, target.key, None if action == STRONGEST else action, size)
    st.query_params.from_dict({"agent": agent, "lens": lens, "target": ":".join(target.key), "action": action})
    _picture(shown, found)
    _path(shown, found)
    left, right = st.columns([0.48, 0.52], gap="medium")
    with left:
        _numbers(found)
    with right:
        _counts(found)
    _targets(everything)


def _lens(asked: str | None) -> Lens:
    if "lens" not in st.session_state:
        st.session_state["lens"] = asked if asked in LENSES else "posture"
    st.session_state.setdefault("blast_lens", st.session_state["lens"])
    lens: Lens = st.segmented_control("Lens", list(LENSES), key="blast_lens", required=True, help=_LENS_HELP) or "posture"
    st.session_state["lens"] = lens
    return lens


_LENS_HELP = "\n".join(f"- **{lens}**: {about}" for lens, about in LENSES.items())


def _choices(everything: BlastRadius, lens: Lens, target: str | None, action: str | None) -> tuple[BlastTarget, str, int]:
    by_key = {one.key: one for one in everything.targets}
    asked = next((key for key in by_key if ":".join(key) == target), None)
    left, middle, right = st.columns([0.46, 0.27, 0.27])
    with left:
        key = choose(
            "Target of the path", list(by_key), TARGET, words=lambda one: _target_words(by_key[one]), wanted=asked or everything.target
        )
    one = by_key[key]
    with middle:
        held = one.actions or one.posture
        action = choose("Action", [STRONGEST, *held], "blast_action", wanted=action, help=f"What the agent can do to it, {lens} lens")
    with right:
        size = choose("Nodes drawn at most", [20, 40, 80, 160], "blast_size", wanted=40)
    return one, action, size


def _target_words(one: BlastTarget) -> str:
    sensitivity = sensitivity_of(one.key, one.sensitivity or "sensitivity unknown")
    jewel = ", crown jewel" if one.crown_jewel else ""
    return f"{short(plain(one.name), 60)}  ·  {sensitivity}{jewel}  ·  {', '.join(one.actions) or 'out of reach under this lens'}"


def _numbers(found: BlastRadius) -> None:
    section("What each lens leaves")
    rows = [
        {
            "lens": one.lens,
            "impact": one.impact,
            "targets": one.targets,
            "atoms": one.atoms,
            "agents": one.agents,
            "identities": one.identities,
            "secrets": one.secrets,
            "tools": one.tools,
        }
        for one in found.lenses
    ]
    number = st.column_config.NumberColumn
    st.dataframe(
        frame(rows, list(rows[0])),
        hide_index=True,
        height="content",
        column_config={
            "impact": number(format="%.1f", help="Weighted share of the estate, 0 to 100"),
            "atoms": number(help="An atom is one action on one target"),
            "agents": number(help="Others on the way; identities, secrets and tools likewise"),
        },
    )
    if found.lens == "posture":
        st.caption("Choose another lens above to see it here as well.")


def _picture(shown: Contents, found: BlastRadius) -> None:
    dots = [Dot(one.key, one.name, one.sensitivity, bool(one.crown_jewel), one.kind_detail or "", one.on_path) for one in found.nodes]
    around = _around(found)
    lines = [Line(link, link.on_path) for link in found.links]
    drawn = {one.key for one in found.nodes}
    if around:
        extra = dict.fromkeys(end for hop in around for end in (hop.source, hop.target) if end not in drawn)
        for end in extra:
            props = shown.estate.nodes[end].props
            dots.append(Dot(end, shown.name(end), props.get("sensitivity"), bool(props.get("crown_jewel")), props.get("kind_detail") or ""))
        present = {(link.source, link.target, link.edges) for link in found.links}
        lines += [Line(hop) for hop in around if (hop.source, hop.target, hop.edges) not in present]
    now = next(one for one in found.lenses if one.lens == found.lens)
    with st.container(border=True):
        st.caption(
            f"**{counted(now.targets, 'target')}** ({counted(now.atoms, 'atom')}), **impact {now.impact:.0f}** under the {found.lens} lens."
            f" On the way: agents {now.agents}, identities {now.identities}, secrets {now.secrets}, tools {now.tools}."
        )
        if found.path is None:
            st.warning(
                f"Under the {found.lens} lens no path to the target is left; the picture shows what is still within reach.",
                icon=":material/block:",
            )
        st.graphviz_chart(draw(dots, lines, dark=is_dark()), width="content", alt="What the agent can reach, from left to right")
        st.caption(
            ":red[**red**] the path to the target; :green[**green**] a runtime decision is enforced on the hop; :orange[**amber, dashed**] "
            "it is only monitored. A dashed grey cylinder is a resource of unknown sensitivity. Hover for the full text."
        )
        if found.left_out.targets:
            st.caption(
                f"Not drawn: {counted(found.left_out.targets, 'target')} more within reach; raise the number, or see the table below."
            )
        if found.left_out.listed:
            st.caption(f"Not listed below either: {counted(found.left_out.listed, 'target')} more.")


def _around(found: BlastRadius) -> tuple[Hop, ...]:
    """The hops of the way around the decisions on the highlighted path."""
    if found.path is None or found.ungoverned_path is None or found.ungoverned_path.hops == found.path.hops:
        return ()
    return found.ungoverned_path.hops


def _path(shown: Contents, found: BlastRadius) -> None:
    if found.path is None or found.target is None:
        return
    section(f"The path, hop by hop ({found.lens} lens)")
    st.text(
        f"{short(plain(found.name))} can {found.action} {found.target[0]} {short(shown.name(found.target))} "
        f"in {counted(len(found.path.hops), 'hop')}. Runtime decision on this path: {decisions(found.path)}."
    )
    hop_table(found.path.hops, shown)
    if found.lens == "posture":
        _way_around(shown, found)


def _way_around(shown: Contents, found: BlastRadius) -> None:
    if found.ungoverned_path is None:
        left = next((one.runtime for one in found.targets if one.key == found.target), ())
        if found.action in left:
            st.info(
                "Every path to it meets an enforcing runtime decision, and the decisions let it pass.", icon=":material/shield_question:"
            )
        else:
            st.success("Every path to it meets an enforcing runtime decision, and none lets it pass.", icon=":material/verified_user:")
    elif found.path and found.ungoverned_path.hops != found.path.hops:
        section("The way around the decision (ungoverned lens)")
        hop_table(found.ungoverned_path.hops, shown)


def _targets(everything: BlastRadius) -> None:
    section(f"Targets ({everything.lens} lens, and what other lenses leave)", "Select one to see its path.")
    rows = [
        {
            "target": plain(one.name),
            "sensitivity": sensitivity_of(one.key, one.sensitivity),
            "crown jewel": known(one.crown_jewel) if one.key[0] == "Resource" else "",
            everything.lens: ", ".join(one.actions) or "out of reach",
            **{name: ", ".join(getattr(one, name)) or "out of reach" for name in COMPARED if name != everything.lens},
            "weight": one.weight,
            "kind": one.key[0] if one.type is None else plain(one.type),
            "environment": known(one.environment),
            "owner": known(one.owners),
            "id": plain(one.key[1]),
        }
        for one in everything.targets
    ]
    keys = [one.key for one in everything.targets]
    table = f"blast_targets_{hash((everything.subject, everything.lens))}"

    def take() -> None:
        row = selected(st.session_state.get(table))
        if row is not None and row < len(keys):
            st.session_state[TARGET] = keys[row]

    st.dataframe(
        coloured(
            frame(rows, list(rows[0])),
            sensitivities=["sensitivity", *dict.fromkeys((everything.lens, *COMPARED))],
        ),
        hide_index=True,
        height=height(len(rows), 10),
        key=table,
        on_select=take,
        selection_mode="single-row",
        column_config={
            "target": st.column_config.TextColumn(width="medium"),
            "weight": st.column_config.NumberColumn(format="%.0f"),
        },
    )


def _counts(found: BlastRadius) -> None:
    section("Targets by sensitivity and action", "posture → ungoverned → runtime")
    by_lens = {one.lens: one.counts for one in found.lenses}
    rows = []
    for sensitivity in SENSITIVITIES:
        row: dict[str, object] = {"sensitivity": sensitivity}
        for action in ACTIONS:
            numbers = [by_lens[lens][sensitivity][action] for lens in COMPARED]
            row[action] = " → ".join(map(str, numbers)) if any(numbers) else ""
        rows.append(row)
    st.dataframe(
        coloured(frame(rows, ["sensitivity", *ACTIONS]), sensitivities=["sensitivity"]),
        hide_index=True,
        height=height(len(rows)),
    )
    st.caption("An admin grant counts under all five actions. Empty: nothing within reach under posture.")


show()
