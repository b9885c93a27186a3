"""What the views share: the store's contents, text of strangers made harmless, colours, tables.

Names in the graph are text of strangers. They are shown by ``st.text``, by tables, as options of a select box and in the picture (escaped
in :mod:`canvas`), all of which take text as it is; none ever goes into Markdown or HTML. `plain` makes control characters visible.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pandas as pd
import streamlit as st

from graphinv.model.errors import GraphinvError
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Lens, Path
from graphinv.model.text import counted, plain
from graphinv.pipeline.accepted import ACCEPTED_VARIABLE, Filter
from graphinv.pipeline.blast import BlastRadius, blast_radius
from graphinv.pipeline.inventory import AgentEntry, inventory
from graphinv.pipeline.stages import engine
from graphinv.pipeline.summary import Summary, summarise
from graphinv.store import open_store, store_url

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

UNKNOWN = "unknown"

LENSES: Mapping[Lens, str] = {
    "posture": "Everything in force, decisions ignored: what inventory sees, the worst case.",
    "ungoverned": "Only hops that no enforcing runtime decision stands in the way of: the gap.",
    "runtime": "After runtime decisions: what is denied or asked for step-up is gone, the rest narrowed.",
    "standing": "What exists with no task open: grants that end and tokens that cannot renew are gone.",
    "observed": "Of calls, delegations and grants only those that were seen in use: what happens.",
    "declared": "Without what is only observed: what was meant.",
}

GREY = "#8a93a0"
_HUES = {
    False: {"red": "#b42318", "orange": "#b8450a", "amber": "#8a6200", "blue": "#2f6f9f", "grey": "#5d6470", "words": "#4b5563"},
    True: {"red": "#f4786d", "orange": "#f2935a", "amber": "#dfb845", "blue": "#74b1e0", "grey": "#9aa3af", "words": "#cbd2da"},
}
"""By whether the page is dark. Words in any of these can be read on the page and on a row that is selected: contrast 4.5 at least."""


def is_dark() -> bool:
    """Whether the page is shown light on dark."""
    return st.context.theme.type == "dark"


def words_colour() -> str:
    """Colour of words in a chart."""
    return _HUES[is_dark()]["words"]


def level_colours() -> dict[str, str]:
    """Colour of each level, and of what could not be judged."""
    hue = _HUES[is_dark()]
    return {
        "critical": hue["red"],
        "high": hue["orange"],
        "medium": hue["amber"],
        "low": hue["blue"],
        "info": hue["grey"],
        UNKNOWN: hue["amber"],
        "not judged": hue["amber"],
        "failed": hue["red"],
        "error": hue["red"],
        "warning": hue["amber"],
    }


def sensitivity_colours() -> dict[str, str]:
    """Colour of each sensitivity."""
    hue = _HUES[is_dark()]
    return {
        "restricted": hue["red"],
        "confidential": hue["orange"],
        "internal": hue["amber"],
        "public": hue["blue"],
        UNKNOWN: hue["amber"],
        "out of reach": hue["grey"],
    }


_SERVER_STORE_SECONDS = 30
MOST_ROWS = 2_000
"""Rows of a table of agents or findings: pages of more take seconds to come."""
_MOST_STYLED = 200_000
"""Cells of a table that pandas would still colour."""
Row = TypeVar("Row")

# --------------------------------------------------------------------------------------------------------------------------------
# The store


@dataclass(frozen=True)
class Contents:
    """All that the views show of one generation of the store."""

    stamp: Hashable
    summary: Summary
    analysis: Analysis
    estate: Estate
    agents: tuple[AgentEntry, ...]
    engine: Engine
    hidden: tuple[str, ...]
    """How many findings are not shown, and why, in words."""

    def name(self, key: NodeKey) -> str:
        """The name of a node, harmless; its id where it is not in the graph any more."""
        node = self.estate.nodes.get(key)
        return plain(node.name if node else key[1])

    def sensitivity(self, key: NodeKey) -> str:
        """What a table says of the sensitivity of a target."""
        node = self.estate.nodes.get(key)
        return sensitivity_of(key, node.props.get("sensitivity") if node else None)


@dataclass(frozen=True)
class Missing:
    """Why there is nothing to show, and what to do. ``detail`` may hold text of strangers."""

    reason: str
    remedy: str
    detail: str = ""


def _stamp(url: str) -> Hashable:
    """Changes whenever the store does; a server is asked every half minute."""
    if "://" in url and not url.startswith("file://"):
        return _stamp_of_server(url, int(time.time()) // _SERVER_STORE_SECONDS)
    try:
        found = FilePath(url.removeprefix("file://")).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@st.cache_resource(max_entries=2, show_spinner=False)
def _stamp_of_server(url: str, now: int) -> Hashable:
    try:
        with open_store(url) as store:
            return hash(store.stamp)
    except GraphinvError:
        return now  # reading it will say what is wrong, and may go better the next time


@st.cache_resource(max_entries=2, show_spinner="Reading the store …")
def _read(url: str, accepted: str | None, stamp: Hashable) -> Contents | Missing:
    try:
        filtering = Filter.of(FilePath(accepted) if accepted else None, None)
    except GraphinvError as error:
        return Missing("The file of accepted risks cannot be read.", "graphinv findings --accepted FILE", str(error))
    try:
        with open_store(url) as store:
            analysis, estate = store.analysis(), store.estate()
            if not estate.nodes and not store.scans():
                return Missing("The store is empty.", "graphinv scan PATH")
            if analysis is None:
                return Missing("The store was not analyzed yet.", "graphinv analyze")
            analysis, shown = filtering.without(analysis)
            return Contents(
                stamp=stamp,
                summary=summarise(store, analysis, estate),
                analysis=analysis,
                estate=estate,
                agents=tuple(inventory(estate, analysis)),
                engine=engine(store, at=analysis.at, estate=estate),
                hidden=tuple(shown.words),
            )
    except GraphinvError as error:
        return Missing("The store cannot be opened.", "graphinv demo\ngraphinv scan PATH", str(error))


def contents() -> Contents:
    """What the store holds now. Where there is nothing to show it says so, with what to do, and ends the page."""
    url, accepted = store_url(), os.environ.get(ACCEPTED_VARIABLE)
    found = _read(url, accepted, (_stamp(url), _stamp(accepted) if accepted else None))
    if isinstance(found, Missing):
        st.warning(found.reason, icon=":material/info:")
        if found.detail:
            st.text(plain(found.detail))
        st.text(f"Store: {plain(url)}")
        st.write("Run one of these in a terminal, then reload this page:")
        st.code(found.remedy, language="shell")
        st.stop()
    return found


@st.cache_resource(max_entries=256, show_spinner="Tracing paths …")
def _radius(
    stamp: Hashable, key: NodeKey, lens: Lens, target: NodeKey | None, action: str | None, max_nodes: int, _engine: Engine
) -> BlastRadius:
    return blast_radius(_engine, key, lens, target=target, action=action, max_nodes=max_nodes)


def radius(
    shown: Contents, key: NodeKey, lens: Lens, target: NodeKey | None = None, action: str | None = None, max_nodes: int = 40
) -> BlastRadius:
    """The blast radius, worked out once per question and generation."""
    return _radius((shown.summary.store, shown.stamp), key, lens, target, action, max_nodes, shown.engine)


def header(shown: Contents, title: str, about: str) -> None:
    """Title of a view, with the generation and time that all its numbers are of."""
    st.title(title, anchor=False)
    summary = shown.summary
    behind = summary.generation != shown.analysis.generation
    if behind:
        st.warning(
            f"The store is at generation {summary.generation}, the results are of generation {shown.analysis.generation}. "
            "Run `graphinv analyze`, then reload.",
            icon=":material/history:",
        )
    st.caption(f"{about} Generation {shown.analysis.generation}, judged at {when(summary.at)}.")
    for line in shown.hidden:
        st.text(plain(line))


def card(label: str, value: str, below: str | None = None, *, help: str | None = None) -> None:
    """A number in a frame, with a few words below it."""
    st.metric(label, value, below, help=help, border=True, height="stretch", delta_color="off", delta_arrow="off")


def rules_not_judged(shown: Contents) -> None:
    """How many rules could not be judged, and how many only in part."""
    summary = shown.summary
    card(
        "Rules not judged",
        f"{len(summary.unjudged)} of {len(summary.rules)}",
        f"{len(summary.partly)} more in part" if summary.partly else None,
        help="What they need is not in the graph, or not for all that they ask about. That is not a pass.",
    )


def no_agents(shown: Contents) -> None:
    """What a view of agents says where there are none."""
    errors = shown.summary.unread_documents("error")
    unread = f" What {counted(errors, 'document')} would tell is unknown: the overview lists what could not be read." if errors else ""
    st.info(f"No agents were found in what was read.{unread}")


def section(title: str, about: str = "") -> None:
    """Heading of a part of a view; both texts are ours and may be Markdown."""
    st.header(title, anchor=False)
    if about:
        st.caption(about)


# --------------------------------------------------------------------------------------------------------------------------------
# Text


def short(text: str, limit: int = 80) -> str:
    """``text``, its middle left out where it is longer than ``limit``: the end of an id tells more than its middle.

    >>> short("abcdefghij", 7)
    'abc…hij'
    """
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return f"{text[: limit - 1 - tail]}…{text[-tail:] if tail else ''}"


def sensitivity_of(key: NodeKey, sensitivity: object) -> str:
    """What a table says of a target's sensitivity; secrets have none."""
    return known(sensitivity) if key[0] == "Resource" else "secret"


def known(value: object) -> str:
    """A property for people: what no source stated is unknown."""
    if value is None or value in ("", (), []):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(one) for one in value)
    return plain(value)


def when(time: str | None) -> str:
    """A time of the graph for people, in UTC.

    >>> when("2026-07-01T08:30:00Z")
    '2026-07-01 08:30 UTC'
    """
    if not time:
        return UNKNOWN
    try:
        return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return plain(time)


def places(sources: Sequence[str], limit: int = 2) -> str:
    """Where something is stated."""
    more = f" (+{len(sources) - limit})" if len(sources) > limit else ""
    return ", ".join(plain(source) for source in sources[:limit]) + more if sources else "no source stated"


def decisions(path: Path) -> str:
    """What stands in the way on a path, in a few words."""
    found = [
        f"hop {number}: {plain(guard.would)}" for number, hop in enumerate(path.hops, 1) for guard in hop.guards if guard.mode == "enforce"
    ]
    watched = any(hop.guards for hop in path.hops)
    return "; ".join(found) or ("none, only monitored" if watched else "none")


# --------------------------------------------------------------------------------------------------------------------------------
# Tables


RISK_COLUMN = st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f", width=80, color="#7c9cc9")


def frame(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a table with ``columns``, also where there are none."""
    return pd.DataFrame([dict(row) for row in rows], columns=list(columns))


def coloured(data: pd.DataFrame, levels: Iterable[str] = (), sensitivities: Iterable[str] = ()) -> Any:
    """``data`` with words in colour: in some columns levels and outcomes, in some sensitivities, and in all of them what is unknown."""
    if data.size > _MOST_STYLED:
        return data
    style = data.style
    unknown = {UNKNOWN: level_colours()[UNKNOWN]}
    colours = {column: unknown for column in data.columns if (data[column] == UNKNOWN).any()}
    colours |= {**dict.fromkeys(levels, level_colours()), **dict.fromkeys(sensitivities, sensitivity_colours())}
    for column, of_word in colours.items():
        style = style.map(
            lambda word, of_word=of_word: f"color: {of_word[word]}; font-weight: 600" if word in of_word else "", subset=[column]
        )
    return style


def first(rows: Sequence[Row], thing: str) -> Sequence[Row]:
    """As many of ``rows`` as a page shows; where there are more it says so."""
    if len(rows) > MOST_ROWS:
        st.caption(f":orange[The first {MOST_ROWS:,} of {counted(len(rows), thing)} are listed, worst first.] Filters find the others.")
    return rows[:MOST_ROWS]


def height(rows: int, most: int = 12) -> int | Literal["content"]:
    """Height of a table that shows all its rows, or ``most`` of them and a scroll bar."""
    return "content" if rows <= most else 33 * (most + 1) + 18


def selected(state: Any) -> int | None:
    """Number of the row that is selected in a table."""
    rows = state["selection"]["rows"] if state else ()
    return int(rows[0]) if rows else None


def pick(
    rows: Sequence[Mapping[str, object]],
    key: str,
    levels: Iterable[str] = (),
    *,
    sensitivities: Iterable[str] = (),
    most: int = 9,
    columns: Mapping[str, Any] | None = None,
) -> int:
    """A table of rows of which one is always selected: its number. ``columns`` is Streamlit's ``column_config``."""
    state = st.dataframe(
        coloured(frame(rows, list(rows[0])), levels, sensitivities),
        hide_index=True,
        height=height(len(rows), most),
        key=key,
        placeholder=UNKNOWN,
        on_select="rerun",
        selection_mode="single-row-required",
        column_config=columns,
    )
    return min(selected(state) or 0, len(rows) - 1)


def bars(names: Sequence[str], numbers: Sequence[int], colours: Sequence[str], step: int = 44) -> None:
    """A bar for each name, its number written at its end."""
    y = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelFontSize": 13, "labelColor": words_colour(), "ticks": False, "domain": False},
    }
    x = {"field": "number", "type": "quantitative", "title": None, "axis": None, "scale": {"domain": [0, max(1, *numbers) * 1.25]}}
    scale = {"domain": list(names), "range": list(colours)}
    bar = {"mark": {"type": "bar", "cornerRadiusEnd": 3, "height": round(step * 0.55)}}
    text = {"mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 13, "color": words_colour()}}
    st.vega_lite_chart(
        spec={
            "data": {"values": [{"name": name, "number": number} for name, number in zip(names, numbers, strict=True)]},
            "layer": [
                bar | {"encoding": {"y": y, "x": x, "color": {"field": "name", "type": "nominal", "legend": None, "scale": scale}}},
                text | {"encoding": {"y": y, "x": x, "text": {"field": "number", "type": "quantitative", "format": ","}}},
            ],
        },
        height=step * len(names) + 20,
    )


def choose(label: str, options: Sequence[Any], key: str, *, words: Any = str, wanted: Any = None, help: str | None = None) -> Any:
    """A select box over ``options`` that starts at ``wanted``, keeps what is chosen while it is an option, and starts again when not."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = wanted if wanted in options else options[0]
    return st.selectbox(label, options, format_func=words, key=key, help=help)


def agent_words(agents: Iterable[AgentEntry]) -> Mapping[str, str]:
    """Id → what a select box calls the agent: its name, its risk, and its id where the name alone is not enough."""
    agents = tuple(agents)
    names = [plain(agent.name) for agent in agents]
    often = Counter(names)
    words = {}
    for agent, name in zip(agents, names, strict=True):
        title = f"{short(name, 60)} ({short(plain(agent.id), 60)})" if often[name] > 1 else short(name, 80)
        words[agent.id] = f"{title}  ·  risk {UNKNOWN if agent.risk is None else f'{agent.risk:.0f} {agent.level}'}"
    return words
