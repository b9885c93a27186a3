"""The riskiest paths as requests to any decision point that speaks AuthZEN 1.0: one a line, with one evaluation for each hop.

Each line is the body of ``POST /access/v1/evaluations``. All hops are answered, not only the first that is refused. What the questions
say is in :mod:`graphinv.export.support.questions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.export import RuleText
from graphinv.export.support.questions import Question, questions
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis

NAME = "authzen"
TITLE = "Access Evaluations requests (AuthZEN 1.0), one for each of the riskiest paths"
SUFFIX = ".authzen.jsonl"


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """A request a line, the riskiest path first."""
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    lines = (json.dumps(request(questions(path, estate)), ensure_ascii=True, allow_nan=False) for path in analysis.paths)
    return "".join(f"{line}\n" for line in lines)


def request(asked: Iterable[Question]) -> dict[str, Any]:
    """One request for several questions, all of which are to be answered."""
    return {"evaluations": list(asked), "options": {"evaluations_semantic": "execute_all"}}
