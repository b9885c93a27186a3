"""The inventory of agents: one entry each, with what is known of it and its score."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Result


class AgentEntry(Result):
    """An agent. What no source stated is null."""

    id: str
    name: str
    framework: str | None
    kind_detail: str | None
    environment: str | None
    status: str | None
    autonomy: str | None
    owners: tuple[str, ...]
    servers: int = Field(description="It connects to")
    tools: int = Field(description="It uses")
    sub_agents: int = Field(description="It delegates to")
    identities: int = Field(description="It runs as")
    secrets: int = Field(description="It holds")
    risk: float | None
    level: str | None
    impact: float | None
    impact_ungoverned: float | None
    findings: int = Field(description="Open ones about it")
    sources: tuple[str, ...] = Field(description="`document#where` of what states it")


def inventory(estate: Estate, analysis: Analysis | None) -> list[AgentEntry]:
    """All agents, riskiest first. The counts are of direct edges. O(agents + edges)."""
    scores = {score.subject: score for score in analysis.scores} if analysis else {}
    found: dict[tuple[str, str], int] = {}
    for finding in analysis.findings if analysis else ():
        found[finding.subject] = found.get(finding.subject, 0) + 1
    entries = []
    for node in estate.of_kind("Agent"):
        out = estate.outgoing.get(node.key, ())
        score = scores.get(node.key)
        direct = Counter(kind for kind, _ in {(edge.kind, edge.target) for edge in out})
        entries.append(
            AgentEntry(
                id=node.id,
                name=node.name,
                framework=node.props.get("framework"),
                kind_detail=node.props.get("kind_detail"),
                environment=node.props.get("environment"),
                status=node.props.get("status"),
                autonomy=node.props.get("autonomy"),
                owners=estate.owners(node.key),
                servers=direct["CONNECTS_TO"],
                tools=direct["USES"],
                sub_agents=direct["DELEGATES_TO"],
                identities=direct["RUNS_AS"],
                secrets=direct["HOLDS"],
                risk=score.risk if score else None,
                level=score.level if score else None,
                impact=score.impact if score else None,
                impact_ungoverned=score.impact_ungoverned if score else None,
                findings=found.get(node.key, 0),
                sources=node.sources,
            )
        )
    return sorted(entries, key=lambda entry: (-(entry.risk or 0), -(entry.impact or 0), entry.id))
