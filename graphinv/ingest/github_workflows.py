"""GitHub workflows that run coding agents: ``.github/workflows/*.yml``, and the composite actions and scripts of the tree that they use.
Agentic workflows (gh-aw) are read from their source, ``.github/workflows/*.md``, and from what they are compiled to.

Drawn:
    (:Workflow)-[:DELEGATES_TO {mode: invoke}]->(:Agent of a job), (:Workflow caller)-[:DELEGATES_TO]->(:Workflow reusable)
    (:Agent)-[:RUNS_AS]->(:Identity token of the job)-[:CAN_ACCESS {actions}]->(:Resource repository, its issues …)
    (:Agent)-[:RUNS_AS]->(:Identity cloud role that the job logs in as)
    (:Agent)-[:HOLDS]->(:Secret), (:Agent)-[:RUNS_ON]->(:Runtime), (:Agent)-[:DEPENDS_ON]->(:Package action)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer)
    (:Agent)-[:INGESTS]->(:ContentSource events that strangers cause)
    (:Agent)-[:USES]->(:Tool safe output)-[:CAN_ACCESS]->(:Resource part of the repository), (:Agent)-[:READS]->(:Memory)

One agent per job that runs one, named ``<workflow>/<job>``. Workflows that run none, and call none that does, are no part of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.agent_commands import PROGRAMS
from graphinv.ingest.support.github_agentic import Agentic, read_agentic
from graphinv.ingest.support.github_jobs import Action, Workflow, read_action, read_script, read_workflow
from graphinv.ingest.support.github_links import facts_of_root
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

NAME = "github_workflows"
TITLE = "GitHub workflows and actions that run agents"
FILES = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".github/workflows/**/*.md",
    "**/action.yml",
    "**/action.yaml",
    "shell scripts that name an agent",
)
MAX_BYTES = 1024 * 1024


_STARTS = re.compile(rb"(?<![\w-])(?:" + "|".join(map(re.escape, (*PROGRAMS, "agent-task"))).encode() + rb")[ \t]+[-\"'$a-z]")


_SOURCE = re.compile(rb"(?m)^(?:on|engine|tools|mcp-servers|safe-outputs|imports)\s*:")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a workflow or an action, by its place, or a shell script that names an agent at its beginning."""
    parts = path.lower().split("/")
    if parts[-1].endswith((".sh", ".bash")):
        return _STARTS.search(head) is not None
    if parts[-1].endswith(".md"):
        return ".github/workflows/" in f"/{path.lower()}" and head.lstrip().startswith(b"---") and _SOURCE.search(head) is not None
    if not parts[-1].endswith((".yml", ".yaml")):
        return False
    return parts[-3:-1] == [".github", "workflows"] or parts[-1] in ("action.yml", "action.yaml")


def summarise(document: Document) -> Workflow | Action | Agentic | None:
    """What one workflow, action or script says of agents, of what they are given, and of what it calls; None where it is neither.

    Raises:
        IngestError: not YAML, or not a mapping at its top.
    """
    if document.name.lower().endswith((".sh", ".bash")):
        return read_script(document, NAME)
    if document.name.lower().endswith(".md"):
        return read_agentic(document, NAME)
    found = yamldoc.parse(document.text(), document)
    if not found or found[0].value is None:
        raise IngestError("is empty", document=document.path, where="L1")
    located = found[0]
    top: Any = located.value
    if not isinstance(top, dict):
        raise IngestError("holds no mapping at its top", document=document.path, where=f"L{located.line()}")
    if document.name.lower() in ("action.yml", "action.yaml"):
        return read_action(document, located, NAME)
    return read_workflow(document, located, NAME) if isinstance(top.get("jobs"), dict) else None


def link(root: str, summaries: Mapping[str, Any]) -> Iterator[Fact]:
    """Facts of all workflows of ``root`` that run agents, or call such as do."""
    return facts_of_root(root, summaries, NAME)
