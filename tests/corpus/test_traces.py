"""Traces of agents: all that hold spans are read, and what they show is told or counted."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from graphinv.ingest import otel_traces
from tests.corpus.taking import taken
from tests.ingest.traces import Shown

UNTOLD = re.compile(r"shows things done of which neither the agent nor the service is told \((\d+)\)")


def test_spans_of_models_that_name_neither_agent_nor_service_are_counted(corpus: Path) -> None:
    """By hand: of the seventeen files one sums up the others and holds no span. Sixteen hold spans; none of them names a service or an
    agent but for one observation, which failed. The maps of attributes are four calls of a model and one of a tool; of the spans of the AI
    SDK those that ask a model (``.do…``) stand five times in three places: in a file of their kind, in that of all, and by operation."""
    counts: Counter[str] = Counter()
    for _, path, data in taken(corpus / "otel_genai", (otel_traces,), counts):
        found = Shown(data, path)
        assert not any(severity == "error" for severity, _ in found.problems), path
        counts["facts"] += len(found.nodes) + len(found.edges)
        counts["untold"] += sum(int(told[1]) for _, message in found.problems if (told := UNTOLD.match(message)))
        counts["failed"] += sum("no evidence of access" in message for _, message in found.problems)
    assert counts == {"files": 17, "taken": 16, "facts": 0, "untold": 5 + 3 * 5, "failed": 1}
