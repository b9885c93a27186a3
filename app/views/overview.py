"""Overview: how many, how bad, how much of it no decision stands in the way of, and what is not known."""

from __future__ import annotations

from typing import Any

import streamlit as st
from canvas import Dot, Line, draw
from proof import hop_table
from widgets import (
    GREY,
    RISK_COLUMN,
    UNKNOWN,
    Contents,
    bars,
    card,
    coloured,
    contents,
    decisions,
    frame,
    header,
    height,
    is_dark,
    known,
    level_colours,
    pick,
    rules_not_judged,
    section,
    sensitivity_of,
    short,
    when,
)

from graphinv.model.results import LEVELS, Level, Path, RuleStatus, worst_first
from graphinv.model.text import counted, plain
from graphinv.pipeline.coverage import RuleCoverage, agent_coverage, rule_coverage

OUTCOMES = {"found": "found", "clear": "clear", "not_available": "not judged", "error": "failed"}


def show() -> None:
    """The page."""
    shown = contents()
    header(shown, "Overview", "Impact, risk and paths are of the posture lens unless a column says otherwise.")
    _headline(shown)
    left, right = st.columns([0.66, 0.34], gap="medium")
    with left:
        _agents(shown)
    with right:
        _gap(shown)
        _severities(shown)
    _paths(shown)
    _rules(shown)
    left, right = st.columns(2, gap="medium")
    with left:
        _unread(shown)
    with right:
        _unknown(shown)
    _found(shown)


def _headline(shown: Contents) -> None:
    summary = shown.summary
    gaps = summary.unread_documents("warning")
    unscored = sum(agent.level is None for agent in shown.agents)
    worrying = sum(agent.level in ("critical", "high") for agent in shown.agents)
    pairs = f"{summary.gap.ungoverned:,} of {summary.gap.posture:,}"
    with st.container(horizontal=True):
        card("Agents", f"{summary.agents_total:,}", help="Sub-agents and the host applications of agents included.")
        card(
            "Agents at high or critical risk",
            f"{worrying:,}",
            f"{unscored:,} not scored" if unscored else None,
            help="Risk is impact (posture lens) weighed by likelihood. What could not be read or judged is in no risk.",
        )
        card(
            "Ungoverned pairs",
            pairs,
            help="Pairs of an agent and a target it can act on (posture lens); the first number is of those with no enforcing runtime "
            "decision in the way (ungoverned lens).",
        )
        card("Critical findings", f"{summary.severities.get('critical', 0):,}")
        card("High findings", f"{summary.severities.get('high', 0):,}")
        rules_not_judged(shown)
        card(
            "Documents not read",
            f"{summary.unread_documents('error'):,}",
            f"{gaps:,} read with gaps" if gaps else None,
            help="Problems that left something out of the graph. What depends on it is unknown, not safe.",
        )


def _agents(shown: Contents) -> None:
    section("Riskiest agents")
    risky = shown.summary.agents
    if not risky:
        st.info("No agent was scored. What is not known is not safe: see the documents that could not be read below.")
        return
    rows = [
        {
            "agent": plain(agent.name),
            "risk": agent.score.risk,
            "level": agent.score.level,
            "owner": known(agent.owners),
            "why": "; ".join(map(plain, agent.because)) or "impact alone",
            "impact": agent.score.impact,
            "ungoverned": agent.score.impact_ungoverned,
            "runtime": agent.score.impact_runtime,
            "id": plain(agent.score.subject[1]),
        }
        for agent in risky
    ]
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    row = pick(
        rows,
        "overview_agents",
        ["level"],
        most=10,
        columns={
            "agent": text(width=190),
            "risk": RISK_COLUMN,
            "level": text(width=65),
            "owner": text(width=150),
            "why": text(width=280),
            "impact": number(format="%.0f", help="Impact under posture, 0 to 100"),
            "ungoverned": number(format="%.0f", help="Impact that no runtime decision stands in the way of"),
            "runtime": number(format="%.0f", help="Impact that is left after runtime decisions"),
        },
    )
    chosen = risky[row]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Show its blast radius", icon=":material/hub:", type="primary"):
            st.session_state["agent"] = chosen.score.subject[1]
            st.switch_page("views/blast_radius.py")
        if st.button("Open in Agents", icon=":material/smart_toy:"):
            st.session_state["agent"] = chosen.score.subject[1]
            st.switch_page("views/agents.py")
        st.text(f"{short(plain(chosen.name))}; {len(risky)} of {counted(shown.summary.agents_total, 'agent')} listed here")


def _gap(shown: Contents) -> None:
    gap = shown.summary.gap
    section("The gap: pairs of agent and target")
    bars(("posture", "ungoverned", "runtime"), (gap.posture, gap.ungoverned, gap.runtime), (GREY, "#c81e1e", "#d08a1d"), 36)
    st.caption(
        f"**posture** is all that is within reach; **ungoverned** the part with no enforcing runtime decision in the way "
        f"({counted(gap.agents, 'agent')}, {counted(gap.targets, 'target')}); **runtime** what is left after all decisions. "
        f"A decision stands before {counted(gap.posture - gap.ungoverned, 'pair')}."
    )
    if shown.summary.reach_left_out:
        st.caption(f"{shown.summary.reach_left_out:,} further pairs with targets of less weight are not counted here.")


def _paths(shown: Contents) -> None:
    section("Top risky paths (posture lens)")
    paths = shown.analysis.paths[:10]
    if not paths:
        st.info("No agent reaches a target that weighs anything, as far as the graph knows.")
        return
    rows = []
    for path in paths:
        target = shown.estate.nodes.get(path.target)
        props = target.props if target else {}
        rows.append(
            {
                "agent": shown.name(path.subject),
                "can": path.action,
                "target": shown.name(path.target),
                "sensitivity": sensitivity_of(path.target, props.get("sensitivity")),
                "crown jewel": known(props.get("crown_jewel")) if path.target[0] == "Resource" else "",
                "hops": len(path.hops),
                "runtime decision on this path": decisions(path),
                "id of agent": plain(path.subject[1]),
                "id of target": plain(path.target[1]),
            }
        )
    row = pick(
        rows,
        "overview_paths",
        sensitivities=["sensitivity"],
        most=5,
        columns={
            "agent": st.column_config.TextColumn(width="medium"),
            "target": st.column_config.TextColumn(width="medium"),
            "hops": st.column_config.NumberColumn(width=50),
            "can": st.column_config.TextColumn(width=70),
            "runtime decision on this path": st.column_config.TextColumn(width=215),
        },
    )
    path = paths[row]
    st.graphviz_chart(_chain(shown, path), width="content", alt="The path selected above, hop by hop")
    hop_table(path.hops, shown)


def _chain(shown: Contents, path: Path) -> str:
    keys = dict.fromkeys(end for hop in path.hops for end in (hop.source, hop.target))
    dots = []
    for key in keys:
        props = shown.estate.nodes[key].props if key in shown.estate.nodes else {}
        dots.append(Dot(key, shown.name(key), props.get("sensitivity"), bool(props.get("crown_jewel")), strong=True))
    return draw(dots, [Line(hop, strong=True) for hop in path.hops], dark=is_dark())


def _rules(shown: Contents) -> None:
    """Every rule with what it found, of how many agents it could be judged, and what is missing of the others."""
    section("Rules, and which agents they could be judged of")
    order = {"error": 0, "found": 1, "not_available": 2, "clear": 3}
    worst: dict[str, Level] = {}
    for finding in sorted(shown.analysis.findings, key=worst_first, reverse=True):
        worst[finding.rule] = finding.severity
    covered = {one.rule: one for one in rule_coverage(shown.analysis)}
    rules = sorted(
        shown.summary.rules,
        key=lambda rule: (order.get(rule.outcome, 9), LEVELS.index(worst.get(rule.rule, "info")), -rule.findings),
    )
    rows = [
        {
            "rule": rule.rule,
            "title": plain(rule.title),
            "outcome": OUTCOMES.get(rule.outcome, rule.outcome),
            "findings": rule.findings if rule.outcome in ("found", "clear") else None,
            "worst": worst.get(rule.rule, ""),
            "agents judged": _judged(covered.get(rule.rule)),
            "missing": plain("; ".join(covered[rule.rule].missing) or rule.reason) if rule.rule in covered else plain(rule.reason),
        }
        for rule in rules
    ]
    row = pick(
        rows,
        "overview_rules",
        ["outcome", "worst"],
        most=10,
        columns={
            "rule": st.column_config.TextColumn(width=95),
            "title": st.column_config.TextColumn(width=300),
            "outcome": st.column_config.TextColumn(width=85),
            "findings": st.column_config.NumberColumn(format="localized", width=70),
            "worst": st.column_config.TextColumn(width=70),
            "agents judged": st.column_config.TextColumn(
                width=95, help="Of how many agents the rule could be judged; the others are no pass"
            ),
            "missing": st.column_config.TextColumn(width=480, help="What no source states, of an agent or at all"),
        },
    )
    _not_judged(shown, rules[row])
    if missing := shown.summary.unjudged:
        st.caption(f"{counted(len(missing), 'rule')} could not be judged: what they need is not in the graph. That is not a pass.")


def _judged(one: RuleCoverage | None) -> str:
    return f"{one.judged:,} of {one.agents:,}" if one else UNKNOWN


def _not_judged(shown: Contents, rule: RuleStatus) -> None:
    """The agents of which ``rule`` could not be judged, and why."""
    agents = [agent.id for agent in shown.agents]
    missing = [one for one in agent_coverage(shown.analysis, agents, [rule]) if one.outcome != "judged"]
    if not missing:
        return
    with st.expander(f"{rule.rule} could not be judged of {counted(len(missing), 'agent')}"):
        rows = [{"agent": shown.name(("Agent", one.agent)), "missing": plain(one.missing)} for one in missing]
        st.dataframe(frame(rows, ["agent", "missing"]), hide_index=True, height=height(len(rows), 8))


def _severities(shown: Contents) -> None:
    section("Findings by severity")
    bars(LEVELS, [shown.summary.severities.get(level, 0) for level in LEVELS], [level_colours()[level] for level in LEVELS], 27)


def _unread(shown: Contents) -> None:
    section("Recognised, not fully read")
    order = {"error": 0, "warning": 1, "note": 2}
    problems = sorted(shown.summary.unread, key=lambda one: (order.get(one.severity, 3), one.document, one.where))
    if not problems:
        st.caption("Everything that was recognised was read.")
        return
    rows = [
        {
            "severity": one.severity,
            "place": plain(f"{one.document}#{one.where}" if one.where else one.document),
            "message": plain(one.message),
        }
        for one in problems
    ]
    st.dataframe(
        coloured(
            frame(rows, ["severity", "place", "message"]),
            ["severity"],
        ),
        hide_index=True,
        height=height(len(rows), 8),
        column_config={
            "severity": st.column_config.TextColumn(width=75),
            "place": st.column_config.TextColumn(width="medium"),
            "message": st.column_config.TextColumn(width="large"),
        },
    )


def _unknown(shown: Contents) -> None:
    section("Unknown, never taken for safe")
    rows: list[dict[str, Any]] = [
        {"kind": kind, "property": name, "unknown": missing, "of": total, "share": 100 * missing / total}
        for kind, names in shown.summary.unknown.items()
        for name, (missing, total) in names.items()
        if missing
    ]
    if not rows:
        nothing = "There is nothing in the graph: all is unknown."
        st.caption("Nothing that the analysis leans on is unknown." if shown.summary.nodes else nothing)
        return
    rows.sort(key=lambda row: (-row["share"], row["kind"], row["property"]))
    st.dataframe(
        frame(rows, ["kind", "property", "unknown", "of", "share"]),
        hide_index=True,
        height=height(len(rows), 8),
        column_config={
            "unknown": st.column_config.NumberColumn(format="localized", width=75),
            "of": st.column_config.NumberColumn(format="localized", width=60),
            "share": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f%%", color="#b98900"),
        },
    )


def _found(shown: Contents) -> None:
    summary = shown.summary
    with st.expander("What was read, and what was found in it"):
        rows = [
            {
                "root": plain(root.root),
                "scanned": when(root.at),
                "outcome": root.outcome,
                "files": root.files,
                "documents": ", ".join(f"{count:,} {plain(name)}" for name, count in sorted(root.documents.items())) or "none",
            }
            for root in summary.roots
        ]
        st.dataframe(frame(rows, ["root", "scanned", "outcome", "files", "documents"]), hide_index=True, height=height(len(rows), 6))
        st.text("Nodes: " + (", ".join(f"{count:,} {kind}" for kind, count in summary.nodes.items()) or "none"))
        st.text("Edges: " + (", ".join(f"{count:,} {kind}" for kind, count in summary.edges.items()) or "none"))
        st.text(f"Store: {plain(summary.store)}, generation {summary.generation}")


show()
