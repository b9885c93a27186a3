"""One GitHub workflow or composite action → what it says of agents: their runs, what jobs are given, what is called. Values stay here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci, claude
from graphinv.ingest.support.agent_commands import agent_commands
from graphinv.ingest.support.github_actions import REUSABLE, package_facts
from graphinv.ingest.support.github_expressions import events_let_in, flow, reaching
from graphinv.ingest.support.github_steps import ANY_INPUT, MAX_STEPS, Steps, Use, carried, gates, literal_secrets, secret_holds
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, Problem

MAX_JOBS = 500


@dataclass(frozen=True, slots=True)
class Job:
    """One job; its facts speak of :data:`graphinv.ingest.support.ci.HOLDER`."""

    key: str
    line: int
    permissions: tuple[tuple[str, str], ...] | None
    runs_on: tuple[str, ...] = ()
    runs: tuple[ci.Run, ...] = ()
    actions: tuple[Use, ...] = ()
    call: Use | None = None
    facts: tuple[Fact, ...] = ()
    logins: tuple[tuple[int, Fact], ...] = ()
    labels: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    unknown: tuple[Problem, ...] = ()
    events: frozenset[str] | None = None
    """Events that its condition lets in; None where it lets in all that start the workflow."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow: ``triggers`` with their lines, its jobs."""

    path: str
    name: str
    line: int
    triggers: tuple[tuple[str, int], ...]
    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One composite action, or a shell script."""

    path: str
    runs: tuple[ci.Run, ...] = ()
    actions: tuple[Use, ...] = ()


def read_action(document: Document, located: Located, ingestor: str) -> Action | None:
    """A composite action; None where it is of another kind, or runs and uses nothing of interest."""
    body = located.value.get("runs")
    if not isinstance(body, dict) or body.get("using") != "composite":
        return None
    steps = Steps(document, located, ingestor, "action")
    steps.read(body.get("steps"), ("runs", "steps"))
    return Action(document.path, tuple(steps.runs), tuple(steps.actions)) if steps.runs or steps.actions else None


def read_script(document: Document, ingestor: str) -> Action | None:
    """A shell script, as an action that jobs run; None where it starts no agent."""
    text = document.text()
    lines = text.split("\n")
    runs = []
    for command in agent_commands(text):
        line = next((number for number, one in enumerate(lines, 1) if command.program in one and not one.lstrip().startswith("#")), 1)
        run = ci.command_run(document, line, command, ingestor, command.program)
        run.facts += literal_secrets(document, Located({}, {(): line}), {"": text}, ())
        runs.append(ci.Run(run.detail, line, run.autonomy, tuple(sorted(run.labels)), tuple(run.facts), inputs=(ANY_INPUT,)))
    return Action(document.path, tuple(runs)) if runs else None


def read_workflow(document: Document, located: Located, ingestor: str) -> Workflow:
    """A workflow with its jobs."""
    top: dict[str, Any] = located.value
    given = top.get("name")
    stem = document.name.rpartition(".")[0]
    name = redact(given.strip()[: claude.MAX_NAME]) if isinstance(given, str) and given.strip() and "${{" not in given else stem
    entries = {key: job for key, job in list(top["jobs"].items())[:MAX_JOBS] if isinstance(job, dict)}
    problems = []
    if len(top["jobs"]) > MAX_JOBS:
        problems.append(
            Problem(document.path, f"L{located.line('jobs')}", f"has more than {MAX_JOBS} jobs; the rest is left out", "error", ingestor)
        )
    outputs = _job_outputs(top, entries)
    jobs = tuple(_job(document, located, ingestor, top, name, key, job, outputs) for key, job in entries.items())
    return Workflow(document.path, name, located.line("name"), triggers_in(top, located), jobs, tuple(problems))


def _job_outputs(top: dict[str, Any], entries: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Job → expressions of strangers that reach its outputs. Jobs are looked at three times, which follows chains of any usual length."""
    wide = flow(top.get("env"))
    flows = {
        key: [flow(job.get("env")), *(flow(step.get("run"), step.get("with"), step.get("env")) for step in _steps(job))]
        for key, job in entries.items()
        if job.get("outputs") is not None or job.get("uses") is not None
    }
    found: dict[str, frozenset[str]] = {}
    for _ in range(3):
        for key, parts in flows.items():
            found[key] = frozenset().union(
                *(one.untrusted for one in (wide, *parts)), *(found.get(name, ()) for one in parts for name in one.needs)
            )
    return found


def _steps(job: dict[str, Any]) -> Iterable[dict[str, Any]]:
    steps = job.get("steps")
    return [step for step in steps[:MAX_STEPS] if isinstance(step, dict)] if isinstance(steps, list) else []


def _job(
    document: Document,
    located: Located,
    ingestor: str,
    top: dict[str, Any],
    workflow: str,
    key: str,
    job: dict[str, Any],
    outputs: Mapping[str, frozenset[str]],
) -> Job:
    pointer: Pointer = ("jobs", key)
    name = redact(key[: claude.MAX_NAME])
    line = located.line(*pointer)
    around = flow(top.get("env"), job.get("env"))
    steps = Steps(document, located, ingestor, f"{workflow}/{name}", outputs, around)
    steps.read(job.get("steps"), (*pointer, "steps"))
    steps.gates |= gates(job.get("if"))
    call = _call(steps, job, located.line(*pointer, "uses"))
    facts: list[Fact] = []
    if steps.runs or steps.actions:
        facts += secret_holds(document, line, around)
        facts += literal_secrets(document, located, top.get("env"), ("env",))
        facts += literal_secrets(document, located, job.get("env"), (*pointer, "env"))
    labels = set(steps.labels)
    environment = job.get("environment")
    environment = environment.get("name") if isinstance(environment, dict) else environment
    if isinstance(environment, str) and environment and "${{" not in environment:
        labels.add(f"github_environment={redact(environment)[:80]}")
    return Job(
        name,
        line,
        permissions_of(job.get("permissions", top.get("permissions"))),
        runner_labels(job.get("runs-on")),
        tuple(steps.runs),
        tuple(steps.actions),
        call,
        tuple(facts),
        tuple(steps.logins),
        tuple(sorted(labels)),
        tuple(sorted(steps.gates)),
        tuple(steps.unknown),
        events_let_in(job.get("if")),
    )


def _call(steps: Steps, job: dict[str, Any], line: int) -> Use | None:
    """The workflow of the tree that a job calls; one elsewhere that is known to run an agent is a run of ``steps``."""
    uses = job.get("uses")
    if not isinstance(uses, str):
        return None
    passed = flow(job.get("with"), job.get("secrets"))
    name = uses.strip().partition("@")[0].lower()
    client = REUSABLE.get(name)
    if client is not None:
        run = ci.Building(steps.document, name, client, line, steps.ingestor)
        ci.other_run(run, unasked=True)
        run.facts += package_facts(steps.document, line, uses.strip())
        steps.add(run, {}, (), 0, passed, reaching(passed, {}, steps.jobs))
    if not uses.strip().startswith("./"):
        if client is None:
            steps.doubt(name, line, "a workflow")
        return None
    inputs = job.get("with")
    return Use(uses.strip()[2:], line, carried(inputs if isinstance(inputs, dict) else {}, {}, steps.jobs))


def permissions_of(value: Any) -> tuple[tuple[str, str], ...] | None:
    """Scope and access of the job's token, ``*`` for all scopes; None where nothing is said, so that the repository's setting holds."""
    if isinstance(value, str):
        access = {"read-all": "read", "write-all": "write"}.get(value)
        return (("*", access),) if access else None
    if not isinstance(value, dict):
        return None
    return tuple(
        sorted(
            (redact(str(scope)[:60]), access) for scope, access in value.items() if isinstance(access, str) and access in ("read", "write")
        )
    )


def runner_labels(value: Any) -> tuple[str, ...]:
    """Labels of the runner that ``runs-on`` asks for."""
    labels = value.get("labels", value.get("group")) if isinstance(value, dict) else value
    found = [labels] if isinstance(labels, str) else labels if isinstance(labels, list) else []
    return tuple(redact(label[:80]) for label in found if isinstance(label, str))[:20]


def triggers_in(top: dict[str, Any], located: Located) -> tuple[tuple[str, int], ...]:
    """Triggers (``on``) and their lines. Readers of YAML 1.1 take the key ``on`` for true."""
    key = next((key for key in ("on", "true") if key in top), None)
    if key is None:
        return ()
    value = top[key]
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, (list, dict)) else []
    return tuple(
        (name, located.line(key, name if isinstance(value, dict) else index))
        for index, name in enumerate(names[:100])
        if isinstance(name, str) and re.fullmatch(r"[a-z_]{1,60}", name)
    )
