"""Results in words, for people on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from graphinv.cli.output import table, text
from graphinv.model.facts import NodeKey
from graphinv.model.results import LEVELS, Finding, Hop, Path, Score
from graphinv.model.text import counted, plain

if TYPE_CHECKING:
    from graphinv.analyze.aivss import Aivss
    from graphinv.pipeline.summary import Summary, Unread

SHOWN_DIGITS = 12
"""Of an edge's key; enough to name it."""
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def named(key: NodeKey) -> str:
    """A node as people may name it on the command line."""
    return f"{key[0]}:{key[1]}"


def level(value: str) -> Text:
    """A level in its colour."""
    return text(value, STYLES.get(value, ""))


def hop_lines(hops: Iterable[Hop]) -> Iterator[Text]:
    """Two lines a hop: what it allows, then how it is known, where, and what a decision there would do.

    A hop starts where the one before ended; where it does not, its start is named.
    """
    before: NodeKey | None = None
    for number, hop in enumerate(hops, 1):
        line = text(f"{number}. ")
        if before is not None and hop.source != before:
            line.append(plain(f"{hop.source[1]} "))
        before = hop.target
        line.append(plain(hop.words), style="bold")
        if hop.target[1] not in hop.words:
            line.append(plain(f" → {hop.target[1]}"))
        yield line
        evidence = "/".join(hop.evidence) or "no evidence stated"
        sure = "" if hop.confidence is None or hop.confidence >= 1 else f", confidence {hop.confidence:.2f}"
        where = f"; {', '.join(hop.sources[:2])}{' …' if len(hop.sources) > 2 else ''}" if hop.sources else "; no source stated"
        keys = " ".join(key[:SHOWN_DIGITS] for key in hop.edges)
        detail = text(f"   {hop.edge} {keys} ({evidence}{sure}){where}", style="dim")
        yield detail
        for guard in hop.guards:
            yield text(f"   guard {guard.id}: {guard.would}", style="green" if guard.mode == "enforce" else "yellow")


def path_block(path: Path) -> RenderableType:
    """A witness, headed by what it proves."""
    head = text(f"{named(path.subject)} can {path.action} {named(path.target)}", style="bold")
    head.append(plain(f"  ({len(path.hops)} hops, lens {path.lens})"), style="not bold dim")
    return Group(head, *(Padding(line, (0, 0, 0, 2), expand=False) for line in hop_lines(path.hops)))


def score_block(score: Score) -> RenderableType:
    """A score with all it is made of."""
    head = Text.assemble(
        "risk ",
        (f"{score.risk:.1f} ", "bold"),
        level(score.level),
        f" from an impact of {score.impact:.1f} and a likelihood of {score.likelihood:.2f}",
    )
    amounts = _adding_up(part.amount for part in score.parts)
    parts = table(
        ["part", "amount", "because"], ([part.what, f"{one:.2f}", part.because] for part, one in zip(score.parts, amounts, strict=True))
    )
    return Group(head, text(f"impact ungoverned {score.impact_ungoverned:.1f}, after runtime decisions {score.impact_runtime:.1f}"), parts)


def _adding_up(amounts: Iterable[float]) -> Iterator[float]:
    """Amounts to two digits that add up to the sum of all, to two digits: each is what the sum so far grows by."""
    whole = shown = 0.0
    for amount in amounts:
        whole += amount
        yield round(whole, 2) - shown
        shown = round(whole, 2)


def aivss_block(nature: Aivss) -> RenderableType:
    """What the nature of an agent makes of a flaw in it: the ten factors, and the score of the flaw that is asked about."""
    rows = ([one.name, "not known, counts 1" if one.value is None else f"{one.value:g}", one.because] for one in nature.factors)
    given = "not given, so at worst" if nature.cvss is None else f"{nature.cvss:g}, so"
    total = f"factors {nature.factor_sum:g} of 10, {nature.unknown} not known; CVSS base {given} AIVSS {nature.score:.1f}"
    return Group(table(["factor", "value", "because"], rows, title="OWASP AIVSS 0.8"), text(total), text(nature.vector, "dim"))


def life(finding: Finding) -> str:
    """Whether a finding is fixed, came back, or could not be looked at again; empty for one that is simply open."""
    if finding.fixed_at:
        return f"fixed {finding.fixed_at[:10]}"
    if finding.unconfirmed:
        return "unconfirmed"
    return f"reopened {(finding.reopened_at or '')[:10]}" if finding.reopened else ""


def finding_block(finding: Finding, *, path: bool = True) -> RenderableType:
    """A finding in full."""
    head = Text.assemble(level(finding.severity), " ", (plain(finding.title), "bold"), f"  {plain(finding.rule)}  key {finding.key}")
    about = named(finding.subject) + (f" → {named(finding.target)}" if finding.target else "")
    lines: list[RenderableType] = [head, text(about), text(finding.why, "dim")]
    if finding.severity_parts:
        lines.append(text("severity: " + "; ".join(finding.severity_parts), "dim"))
    lines.append(text(f"confidence {finding.confidence:.2f}; owners: {', '.join(finding.owners) or 'unknown'}"))
    lines.append(text(_lived(finding)))
    if finding.sources:
        lines.append(text(f"stated in {', '.join(finding.sources[:5])}{' …' if len(finding.sources) > 5 else ''}"))
    if path and finding.path:
        lines.extend(Padding(line, (0, 0, 0, 2), expand=False) for line in hop_lines(finding.path))
    lines.extend(text(line) for line in _details(finding))
    if finding.remediation:
        lines.append(text(f"mend: {finding.remediation}", "green"))
    if finding.cause and finding.cause != ":".join(finding.subject):
        lines.append(text(f"what clears it, and most others with it: {_cause(finding.cause)}"))
    if finding.frameworks:
        lines.append(text(f"frameworks: {', '.join(finding.frameworks)}", "dim"))
    return Group(*lines, "")


_LISTED = 10
"""How many values of one detail are listed."""


def _details(finding: Finding) -> Iterator[str]:
    """What else the rule says, but for what stands in the title."""
    for name, value in finding.details.items():
        values = [str(one) for one in value] if isinstance(value, (list, tuple)) else [] if value is None else [str(value)]
        if values and not all(one in finding.title for one in values):
            more = f" … {len(values)} in all" if len(values) > _LISTED else ""
            yield f"{name.replace('_', ' ')}: {', '.join(values[:_LISTED])}{more}"


def _cause(cause: str) -> str:
    """A node by its name, an edge by as much of its key as paths show."""
    return cause if ":" in cause else f"edge {cause[:SHOWN_DIGITS]}"


def _lived(finding: Finding) -> str:
    parts = [f"first seen {finding.first_seen}", f"last seen {finding.last_seen or finding.first_seen}"]
    if finding.reopened:
        parts.append(
            f"reopened {finding.reopened_at} (came back {finding.reopened} times)"
            if finding.reopened > 1
            else f"reopened {finding.reopened_at}"
        )
    if finding.fixed_at:
        parts.append(f"fixed {finding.fixed_at}")
    if finding.unconfirmed:
        parts.append(f"could not be looked at again: {finding.unconfirmed}")
    return "; ".join(parts)


def print_summary(screen: Console, summary: Summary) -> None:
    """The summary of a scan."""
    newest = max((root.at for root in summary.roots), default="")
    for root in summary.roots:
        read = ", ".join(f"{count:,} {name}" for name, count in sorted(root.documents.items())) or "none"
        passed = f"; {root.vendored_folders} vendored folders passed over (--all reads them)" if root.vendored_folders else ""
        earlier = "" if root.at == newest else f" (read at {root.at})"
        screen.print(text(f"{root.root}: {counted(root.files, 'file')}, documents read: {read}{passed}; {root.outcome}{earlier}"))
    screen.print(text(f"Store {summary.store}, generation {summary.generation}, judged at {summary.at}", "dim"))

    _heading(screen, "Found")
    things = [f"{count:,} {kind}" for kind, count in summary.nodes.items()]
    links = [f"{count:,} {kind}" for kind, count in summary.edges.items()]
    screen.print(text("Nodes  " + (", ".join(things) or "none")))
    screen.print(text("Edges  " + (", ".join(links) or "none")))
    if not summary.nodes:
        why = "Nothing of what was recognised could be read." if summary.unread else "Nothing that graphinv knows how to read."
        screen.print(text(f"{why} `graphinv formats` lists what it reads.", "yellow"))
        _unread(screen, summary)
        return

    _heading(screen, f"Riskiest agents ({len(summary.agents)} of {summary.agents_total:,})")
    screen.print(
        text("risk 0 to 100; impact: what it can reach; gap: impact with no runtime decision in the way; left: after all decisions", "dim")
    )
    for agent in summary.agents:
        score = agent.score
        line = Text.assemble(f"{score.risk:5.1f} ", level(f"{score.level:<8}"), " ", (plain(score.subject[1]), "bold"))
        if agent.name != score.subject[1]:
            line.append(plain(f" ({agent.name})"))
        line.append(f"  impact {score.impact:.0f}, gap {score.impact_ungoverned:.0f}, left {score.impact_runtime:.0f}", style="dim")
        screen.print(line)
        owner = f"owner {', '.join(agent.owners)}" if agent.owners else "owner unknown"
        more = f"; {len(agent.because) - 4} more" if len(agent.because) > 4 else ""
        screen.print(Padding(text(f"{owner}; {'; '.join(agent.because[:4]) or 'no findings'}{more}", "dim"), (0, 0, 0, 15), expand=False))

    if summary.paths:
        _heading(screen, "Top risky paths")
        for path in summary.paths:
            screen.print(path_block(path))

    _gap(screen, summary)
    _heading(screen, "Findings")
    counts = [f"{summary.severities[name]:,} {name}" for name in LEVELS if summary.severities.get(name)]
    screen.print(text(", ".join(counts) or "none"))
    _causes(screen, summary)
    found = [rule for rule in summary.rules if rule.outcome == "found"]
    screen.print(
        table(
            ["rule", "findings", "title"],
            ([rule.rule, f"{rule.findings:,}", rule.title] for rule in sorted(found, key=lambda rule: -rule.findings)),
        )
    )
    _unjudged(screen, summary)
    _unread(screen, summary)
    _heading(screen, "Unknown (never taken for safe)")
    parts = [
        f"{kind}.{name} {missing:,} of {total:,}"
        for kind, props in summary.unknown.items()
        for name, (missing, total) in props.items()
        if missing
    ]
    screen.print(text(", ".join(parts) or "nothing that the analysis leans on"))
    screen.print()
    screen.print(text("Next: graphinv app | graphinv findings | graphinv paths AGENT TARGET | graphinv show ID", "dim"))


def _unjudged(screen: Console, summary: Summary) -> None:
    for rule in summary.rules:
        if rule.outcome == "error":
            screen.print(text(f"{rule.rule} error: {rule.title}. {rule.reason}", "red"))
    missing = [rule.rule for rule in summary.rules if rule.outcome == "not_available"]
    if missing:
        what = f"{counted(len(missing), 'rule')} of {len(summary.rules)} could not be judged, because no source states what they need"
        screen.print(text(f"{what}: {', '.join(missing)} (`graphinv coverage` says what each lacks)", "yellow"))
    if summary.partly:
        what = f"{counted(len(summary.partly), 'rule')} could not be judged of all agents, or of all that they ask about, which is no pass"
        screen.print(text(f"{what}: {', '.join(summary.partly)} (`graphinv coverage` says of how many, and why)", "yellow"))


def _gap(screen: Console, summary: Summary) -> None:
    gap = summary.gap
    _heading(screen, "The gap")
    if gap.posture:
        of = f"({counted(gap.agents, 'agent')}, {counted(gap.targets, 'target')})"
        screen.print(
            text(f"{gap.posture:,} (agent, target) pairs that matter; {gap.ungoverned:,} of them with no runtime decision in the way ")
            + text(f"{of}; a decision stands before {gap.posture - gap.ungoverned:,}, and {gap.runtime:,} are left after it.")
        )
    else:
        screen.print(text("No agent reaches a target that matters, as far as the graph knows."))
    if summary.reach_left_out:
        screen.print(
            text(f"{summary.reach_left_out:,} further pairs with targets of less weight are not written back to the store.", "dim")
        )


def _causes(screen: Console, summary: Summary) -> None:
    """The changes that clear the worst and the most of them."""
    rows = [[level(cause.severity), f"{cause.findings:,}", cause.title, ", ".join(cause.rules)] for cause in summary.causes]
    if rows:
        first = ", these first (`graphinv findings --by-cause`)" if summary.causes_total > len(rows) else ""
        screen.print(text(f"{counted(summary.causes_total, 'change')} would clear them all{first}:"))
        screen.print(table(["worst", "findings", "change", "rules"], rows))


def _unread(screen: Console, summary: Summary) -> None:
    if not summary.unread:
        return
    _heading(screen, "Recognised, not fully read")
    order = {"error": 0, "warning": 1, "note": 2}
    problems = sorted(summary.unread, key=lambda one: (order.get(one.severity, 3), one.document, one.where))
    worst: dict[str, Unread] = {}  # of each document, so that none hides the others
    for one in problems:
        worst.setdefault(one.document, one)
    of = Counter(one.document for one in problems)
    for one in list(worst.values())[:20]:
        place = f"{one.document}#{one.where}" if one.where else one.document
        more = f" ({of[one.document] - 1} more in it)" if of[one.document] > 1 else ""
        shade = {"error": "red", "warning": "yellow"}.get(one.severity, "dim")
        screen.print(text(f"{one.severity}: {place}: {one.message}{more}", shade))
    if len(worst) > 20:
        screen.print(text(f"… and {counted(len(worst) - 20, 'more document')}: graphinv findings --rule GI-COV", "dim"))


def _heading(screen: Console, title: str) -> None:
    screen.print()
    screen.print(text(title, "bold underline"))
