"""Commands about the results as a whole: score, coverage, frameworks."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, reader
from graphinv.cli.output import console, emit, emit_results, table, text
from graphinv.cli.words import aivss_block, level, named, score_block
from graphinv.model.errors import NotAnalyzed, NotFound, UsageError
from graphinv.model.results import Score

frameworks = typer.Typer(help="What the rules say to the items of frameworks.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(score)
    app.command()(coverage)
    frameworks.command("list")(list_frameworks)
    frameworks.command("coverage")(framework_coverage)
    app.add_typer(frameworks, name="frameworks")


def score(
    agents: Annotated[list[str] | None, typer.Argument(help="Agent:id, or a bare id or name that is unique", metavar="AGENT")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="All it is made of, part by part; the parts add up to it")] = False,
    cvss: Annotated[
        float | None, typer.Option(help="With --explain: the CVSS 4.0 base score of a flaw, for its AIVSS score", metavar="BASE")
    ] = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="What halving or doubling each weight does to the order of the riskiest agents")
    ] = False,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """The scores of agents, riskiest first; all of them where none is named."""
    from graphinv.pipeline.scores import aivss_scores, scores_of

    if sensitivity:
        if agents or explain or cvss is not None:
            raise UsageError("--sensitivity is of the ranking of all agents; it goes with neither AGENT nor --explain nor --cvss")
        _leverages(store, form)
        return
    with reader(store) as opened:
        analysis, estate = opened.analysis(), opened.estate()
    if analysis is None:
        raise NotAnalyzed
    if explain and not agents:
        raise UsageError("--explain takes the agents whose scores are to be explained")
    if cvss is not None and not explain:
        raise UsageError("--cvss goes with --explain")
    chosen = scores_of(analysis, estate, agents or ())
    nature = aivss_scores(estate, chosen, analysis.at, cvss) if explain else {}
    if form is not Format.table:
        more = {one.subject: {"aivss": nature[one.subject].to_json()} if explain else {} for one in chosen}
        columns = [field.name for field in fields(Score)] + ["aivss"] * explain
        emit((one.to_json() | more[one.subject] for one in chosen), form, columns)
        return
    screen = console()
    if explain:
        for one in chosen:
            screen.print(text(named(one.subject), "bold"))
            screen.print(score_block(one))
            screen.print(text(f"together {sum(part.amount for part in one.parts):.2f}, which is the risk", "dim"))
            screen.print(aivss_block(nature[one.subject]))
        return
    rows = [
        [
            one.subject[1],
            f"{one.risk:.1f}",
            level(one.level),
            *(f"{amount:.1f}" for amount in (one.impact, one.impact_ungoverned, one.impact_runtime)),
            f"{one.likelihood:.2f}",
        ]
        for one in chosen
    ]
    screen.print(table(["agent", "risk", "level", "impact", "gap", "left", "likelihood"], rows, title=f"Scores, judged at {analysis.at}"))


def _leverages(store: str | None, form: Format) -> None:
    from graphinv.pipeline.scores import leverages_of

    with reader(store) as opened:
        analysis = opened.analysis()
        if analysis is None:
            raise NotAnalyzed
        found = leverages_of(opened, analysis)
    if form is not Format.table:
        emit((one.to_json() for one in found), form)
        return
    rows = [
        [one.weight, f"{one.was:g}", f"{one.now:g}", "all alike" if one.tau is None else f"{one.tau:.2f}", f"{one.kept} of {one.top}"]
        for one in found
    ]
    title = f"The riskiest agents when one weight is another, judged at {analysis.at}"
    console().print(table(["weight", "is", "would be", "Kendall's tau", "stay among them"], rows, title=title))


def coverage(
    agents: Annotated[list[str] | None, typer.Argument(help="Agent:id, or a bare id or name that is unique", metavar="AGENT")] = None,
    rule: Annotated[str, typer.Option("--rule", "-r", help="Rules whose id starts with this")] = "",
    every: Annotated[bool, typer.Option("--all", help="One line for each rule and agent")] = False,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Of how many agents each rule could be judged, and what is missing of the others; rule by rule of AGENT where some are named."""
    from graphinv.pipeline.coverage import AgentCoverage, agent_coverage, rule_coverage

    if agents and every:
        raise UsageError("--all is of every agent; name some or take it")
    with reader(store) as opened:
        analysis, estate = opened.analysis(), opened.estate()
    if analysis is None or analysis.coverage is None:
        raise NotAnalyzed
    statuses = [status for status in analysis.rules if status.rule.startswith(rule)]
    if not statuses:
        raise NotFound(f"no rule's id starts with {rule}")
    if agents or every:
        chosen = [estate.find(agent, "Agent")[1] for agent in agents or ()] or [node.id for node in estate.of_kind("Agent")]
        each = agent_coverage(analysis, chosen, statuses)
        if form is not Format.table:
            emit_results(each, AgentCoverage, form)
            return
        cells = ([one.rule, one.agent, text(one.outcome.replace("_", " "), _SHADE[one.outcome]), one.missing] for one in each)
        console().print(table(["rule", "agent", "outcome", "missing"], cells, title=f"Judged at {analysis.at}"))
        return
    found = [one for one in rule_coverage(analysis) if one.rule.startswith(rule)]
    if form is not Format.table:
        emit((one.to_json() for one in found), form)
        return
    rows = [
        [
            one.rule,
            one.title,
            f"{one.judged} of {one.agents}",
            text(str(one.not_available or ""), _SHADE["not_available"]),
            text(str(one.error or ""), _SHADE["error"]),
            "; ".join(one.missing),
        ]
        for one in found
    ]
    console().print(table(["rule", "title", "judged", "not available", "error", "missing"], rows, title=f"Judged at {analysis.at}"))


_SHADE = {"judged": "", "not_available": "yellow", "error": "red"}


def list_frameworks(form: FormatOption = Format.table) -> None:
    """The frameworks of the catalogue."""
    from graphinv.pipeline.frameworks import framework_names

    names = framework_names()
    if form is not Format.table:
        emit(({"key": key, "name": name, "version": version, "items": items} for key, name, version, items in names), form)
        return
    console().print(table(["key", "name", "version", "items"], ([key, name, version, str(items)] for key, name, version, items in names)))


def framework_coverage(
    name: Annotated[
        str, typer.Argument(help="A framework's key or part of its name, an item's id, or an alias such as A1", metavar="FRAMEWORK")
    ],
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """For each item of a framework: rules that speak to it, what they found, agents judged, and what cannot be seen from here."""
    from graphinv.pipeline.frameworks import coverage as covered
    from graphinv.pipeline.stages import rules

    with reader(store) as opened:
        analysis = opened.analysis()
    if analysis is None:
        raise NotAnalyzed
    found = covered(name, analysis, rules())
    if form is Format.json:
        emit((one.to_json() for one in found), form)
        return
    if form is not Format.table:  # a row for each item
        emit(({"framework": one.key, **item.to_json(), "note": one.note} for one in found for item in one.items), form)
        return
    screen = console()
    for one in found:
        if one.note:
            screen.print(text(one.note, "yellow"))
        rows = [
            [item.id, item.title, str(item.findings), level(item.worst or ""), str(item.agents), ", ".join(item.rules), item.unseen]
            for item in one.items
        ]
        screen.print(table(["id", "item", "findings", "worst", "agents", "rules", "not seen"], rows, title=f"{one.name}, {one.version}"))
        spoken = sum(bool(item.rules) for item in one.items)
        silent = "; of the others nothing can be seen from here, for the reason that is given" if spoken < len(one.items) else ""
        screen.print(text(f"Rules speak to {spoken} of {len(one.items)} items{silent}.", "dim"))
