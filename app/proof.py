"""What proves something: a path hop by hop, and a finding in full."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from widgets import UNKNOWN, Contents, coloured, frame, height, known, places, section, when

from graphinv.model.results import Finding, Hop
from graphinv.model.text import plain


def hop_table(hops: Sequence[Hop], shown: Contents) -> None:
    """Hop by hop: what each allows, how it is known, where it is stated, and what a decision there would do."""
    rows = [
        {
            "hop": number,
            "from": shown.name(hop.source),
            "allows": plain(hop.words),
            "stated in": places(hop.sources),
            "runtime decision": _verdict(hop),
            "evidence": known(hop.evidence),
            "sure": UNKNOWN if hop.confidence is None else f"{hop.confidence:.0%}",
            "edge": hop.edge,
            "to": f"{hop.target[0]}:{plain(hop.target[1])}",
        }
        for number, hop in enumerate(hops, 1)
    ]
    text = st.column_config.TextColumn
    st.dataframe(
        coloured(frame(rows, ["hop", "from", "allows", "stated in", "runtime decision", "evidence", "sure", "edge", "to"])),
        hide_index=True,
        height=height(len(rows)),
        column_config={
            "hop": st.column_config.NumberColumn(width=40),
            "from": text(width=150),
            "allows": text(width=350),
            "stated in": text(width=320),
            "runtime decision": text(width=185),
            "evidence": text(width=110),
            "sure": text(width=75, help="Confidence of the hop"),
        },
    )


def finding_details(shown: Contents, one: Finding) -> None:
    """Why a finding is one, what to do, what it leans on, where it is in its life, and the path that proves it."""
    section("Why")
    st.text(plain(one.why.strip()) or UNKNOWN)
    if one.remediation:
        section("What to do")
        st.text(plain(one.remediation.strip()))
    facts = {
        "severity": "; ".join(map(plain, one.severity_parts)),
        "confidence": f"{one.confidence:.0%}{', of the weakest hop' if one.path else ''}",
        "first seen": when(one.first_seen),
        "last seen": when(one.last_seen) if one.last_seen else "",
        "fixed": when(one.fixed_at) if one.fixed_at else "",
        "came back": f"{when(one.reopened_at)}, {one.reopened} times in all" if one.reopened_at else "",
        "not confirmed": plain(one.unconfirmed),
        "stated in": places(one.sources, 6),
        "owners": ", ".join(map(plain, one.owners)) or UNKNOWN,
        "frameworks": ", ".join(map(plain, one.frameworks)),
        "key": one.key,
        **{name: known(value) for name, value in one.details.items() if isinstance(value, (str, int, float, bool, list, tuple))},
    }
    st.dataframe(
        coloured(frame(({"about it": plain(name), "value": value} for name, value in facts.items() if value), ["about it", "value"])),
        hide_index=True,
        height=height(sum(bool(value) for value in facts.values()), 16),
        column_config={"about it": st.column_config.TextColumn(width=130), "value": st.column_config.TextColumn(width=1000)},
    )
    if one.path:
        section("Path")
        hop_table(one.path, shown)


def _verdict(hop: Hop) -> str:
    """What the enforcement points on a hop would do."""
    return "; ".join(f"{plain(guard.id)} ({plain(guard.mode)}): {plain(guard.would)}" for guard in hop.guards) or "none"
