"""All workflows and actions of a root together → facts: jobs that run agents, who calls whom, which events reach them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support import ci
from graphinv.ingest.support.clients import TITLES
from graphinv.ingest.support.federation import github_jobs
from graphinv.ingest.support.github_agentic import Agentic, with_imports
from graphinv.ingest.support.github_expressions import TRIGGERS, triggers_of
from graphinv.ingest.support.github_jobs import Action, Job, Workflow
from graphinv.ingest.support.github_steps import Use, repository_part
from graphinv.ingest.support.places import environment_of
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

FRAMEWORK = "github-actions"
MAX_INNER = 10
"""Levels of actions that use actions."""

AGENT_JOB = "agent"
"""The job of a compiled agentic workflow that runs the agent."""
_HOSTED = ("ubuntu", "windows", "macos")
_UNSEEN = 0.6
"""Confidence that an agent reads what caused its job, where the workflow does not put it into the prompt."""
_FILED = 0.8
"""The same where a step before it writes that text to a file."""
_DEFAULT = 0.5
"""Confidence that a token of which nothing is said may write: the repository's setting decides."""
_NO_RESOURCES = frozenset({"id-token", "copilot-requests", "models"})
"""Permissions that give no access to anything of the repository."""
_CLAUDE_APP = (("contents", "write"), ("issues", "write"), ("pull-requests", "write"))


def facts_of_root(root: str, summaries: Mapping[str, Any], ingestor: str) -> Iterator[Fact]:
    """Facts of all workflows of ``root`` that run agents; ``summaries`` by path. O(workflows + calls)."""
    workflows = {path: one for path, one in summaries.items() if isinstance(one, Workflow)}
    actions = {path: one for path, one in summaries.items() if isinstance(one, Action)}
    agentic = {path: one for path, one in summaries.items() if isinstance(one, Agentic)}
    added: dict[str, tuple[ci.Run, ...]] = {}
    for path, one in agentic.items():
        yield from one.problems
        if not one.triggers:
            continue
        runs = with_imports(one, agentic)
        if one.lock in workflows:
            added[one.lock] = runs
        else:
            yield Problem(
                path, f"L{one.line}", "is an agentic workflow that is not compiled: no lock file lies beside it", "note", ingestor
            )
            job = Job(AGENT_JOB, one.line, one.permissions, one.runs_on, runs, labels=("compiled=false",))
            workflows[path] = Workflow(path, one.name, one.line, one.triggers, (job,))
    yield from _Root(root, workflows, actions, ingestor, added).facts()


@dataclass
class _Root:
    root: str
    workflows: dict[str, Workflow]
    actions: dict[str, Action]
    ingestor: str
    agentic: Mapping[str, tuple[ci.Run, ...]] = field(default_factory=dict)
    """Compiled workflow → what its source says of the run of its agent."""
    runs: dict[tuple[str, str], list[ci.Run]] = field(default_factory=dict)
    """(workflow, job) → its runs, those in actions of the tree included."""

    def status(self, path: str) -> str:
        """``active``, or ``proposed`` for a workflow below the top of a repository: GitHub runs none until it is copied there. That the
        root is a repository, and no folder of several, shows by workflows at its own top."""
        return "proposed" if _top(path) and any(not _top(other) for other in self.workflows) else "active"

    def facts(self) -> Iterator[Fact]:
        for path, workflow in self.workflows.items():
            for job in workflow.jobs:
                said = self.agentic.get(path, ()) if job.key == AGENT_JOB else ()
                self.runs[path, job.key] = [*job.runs, *(run for use in job.actions for run in self.inside(use, _top(path))), *said]
        for workflow in self.workflows.values():
            yield from workflow.problems
            yield from (problem for job in workflow.jobs for problem in job.unknown)
        shown = self.shown()
        callers = self.callers()
        for path in sorted(shown):
            workflow = self.workflows[path]
            triggers, carried = self.reaching(path, callers)
            status = self.status(path)
            yield from self.workflow(workflow, triggers, status)
            if status != "active":
                message = "lies below the repository's own `.github`: GitHub does not run it there"
                yield Problem(path, f"L{workflow.line}", message, "note", self.ingestor)
            for job in workflow.jobs:
                if self.runs[path, job.key]:
                    yield from _JobFacts(self.root, workflow, job, self.runs[path, job.key], triggers, carried, status).facts()
                target = self.called(path, job.call)
                if job.call and target in shown and target != path:
                    props = self.edge(workflow, job.call.line, mode="invoke", kind_detail="reusable_workflow")
                    yield EdgeFact("DELEGATES_TO", self.key(workflow), self.key(self.workflows[target]), props)
        for path, workflow in self.workflows.items():
            if path.lower().endswith(("copilot-setup-steps.yml", "copilot-setup-steps.yaml")):
                yield from _copilot(self.root, workflow)

    def key(self, workflow: Workflow) -> NodeKey:
        return "Workflow", f"github:{self.root}/{workflow.path}#{workflow.name}"

    def edge(self, workflow: Workflow, line: int, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [f"{self.root}/{workflow.path}#L{line}"], **props}

    def inside(self, use: Use, top: str) -> Iterator[ci.Run]:
        """Runs in an action (or script) of the tree, those of actions that it uses included. Paths start at ``top``."""
        pending = [(use, frozenset[str](), 0)]
        while pending:
            one, seen, level = pending.pop()
            action = next((self.actions[path] for path in _action_paths(f"{top}{one.path}") if path in self.actions), None)
            if action is None or action.path in seen or level >= MAX_INNER:
                continue
            untrusted = dict(one.untrusted)
            for run in action.runs:
                reached = {path for name in run.inputs for path in untrusted.get(name, ())}
                yield ci.Run(
                    run.detail,
                    run.line,
                    run.autonomy,
                    run.labels,
                    (*run.facts, *use.facts),
                    tuple(sorted({*run.untrusted, *reached})),
                    (),
                    run.reads_event,
                    use.position,
                    run.written,
                )
            pending += [(inner, seen | {action.path}, level + 1) for inner in action.actions]

    def called(self, path: str, call: Use | None) -> str:
        """Path of the workflow that ``call`` in the workflow at ``path`` means: calls are relative to the repository's top."""
        if call is None:
            return ""
        return f"{_top(path)}{call.path}"

    def shown(self) -> set[str]:
        """Workflows that run an agent, or call one that does."""
        found = {path for path, workflow in self.workflows.items() if any(self.runs[path, job.key] for job in workflow.jobs)}
        callers = self.callers()
        pending = deque(found)
        while pending:
            for caller, _ in callers.get(pending.popleft(), ()):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return found

    def callers(self) -> dict[str, list[tuple[str, Use]]]:
        callers: dict[str, list[tuple[str, Use]]] = {}
        for path, workflow in self.workflows.items():
            for job in workflow.jobs:
                target = self.called(path, job.call)
                if job.call and target in self.workflows:
                    callers.setdefault(target, []).append((path, job.call))
        return callers

    def reaching(self, path: str, callers: Mapping[str, list[tuple[str, Use]]]) -> tuple[dict[str, str], dict[str, set[str]]]:
        """Triggers (with the place that states each) that start the workflow at ``path``, through callers too; and the inputs that callers
        fill with text of strangers."""
        triggers: dict[str, str] = {}
        seen, pending = {path}, [path]
        while pending:
            here = pending.pop()
            for name, line in self.workflows[here].triggers:
                triggers.setdefault(name, f"{self.root}/{here}#L{line}")
            if any(name == "workflow_call" for name, _ in self.workflows[here].triggers):
                for caller, _ in callers.get(here, ()):
                    if caller not in seen:
                        seen.add(caller)
                        pending.append(caller)
        carried: dict[str, set[str]] = {}
        for _, use in callers.get(path, ()):
            for name, paths in use.untrusted:
                carried.setdefault(name, set()).update(paths)
        return triggers, carried

    def workflow(self, workflow: Workflow, triggers: Mapping[str, str], status: str) -> Iterator[Fact]:
        props: Props = {
            "name": workflow.name,
            "type": "ci",
            "status": status,
            "kind_detail": "github workflow",
            "labels": [f"trigger={name}" for name in triggers],
            "sources": [f"{self.root}/{workflow.path}#L{workflow.line}"],
        }
        environment = environment_of(workflow.path)
        yield NodeFact(*self.key(workflow), {**props, "environment": environment} if environment else props)


def _top(path: str) -> str:
    """What stands before ``.github/workflows/``: the top of the repository, as a prefix."""
    return path[: -len("/".join(path.split("/")[-3:]))]


def _action_paths(path: str) -> tuple[str, ...]:
    base = f"{path.rstrip('/')}/" if path else ""
    return path, f"{base}action.yml", f"{base}action.yaml"


def _copilot(root: str, workflow: Workflow) -> Iterator[Fact]:
    """The steps that set up Copilot's coding agent say that it works here, and on what."""
    job = next((job for job in workflow.jobs if job.key == "copilot-setup-steps"), None)
    if job is None:
        return
    sources = [f"{root}/{workflow.path}#L{job.line}"]
    folder = _top(workflow.path).rstrip("/")
    place = f"{root}/{folder}" if folder else root
    key: NodeKey = ("Agent", f"github-copilot:{place}")
    props = {"name": f"{TITLES['github-copilot']} ({place})", "status": "active", "framework": "github-copilot"}
    yield NodeFact(*key, {**props, "kind_detail": "github-copilot host", "sources": sources})
    yield from _runtime(root, workflow, job, key)


def _runtime(root: str, workflow: Workflow, job: Job, user: NodeKey) -> Iterator[Fact]:
    runtime: NodeKey = ("Runtime", f"github-runner:{root}/{workflow.path}#{job.key}")
    hosted = bool(job.runs_on) and all(label.startswith(_HOSTED) for label in job.runs_on)
    labels = [f"runs_on={label}" for label in job.runs_on]
    sources = [f"{root}/{workflow.path}#L{job.line}"]
    props: Props = {"name": f"runner of {workflow.name}/{job.key}", "type": "ci_job", "labels": labels, "sources": sources}
    props["kind_detail"] = "github-hosted runner" if hosted else "self-hosted runner" if "self-hosted" in job.runs_on else "runner"
    yield NodeFact(*runtime, {**props, "sandboxed": True} if hosted else props)
    yield EdgeFact("RUNS_ON", user, runtime, {"evidence": ["declared"], "sources": sources})


@dataclass
class _JobFacts:
    """The agent of one job."""

    root: str
    workflow: Workflow
    job: Job
    runs: list[ci.Run]
    triggers: Mapping[str, str]
    carried: Mapping[str, set[str]]
    status: str

    def __post_init__(self) -> None:
        let_in = self.job.events
        if let_in is not None:
            self.triggers = {name: at for name, at in self.triggers.items() if name in let_in or name == "workflow_call"}
        self.name = f"{self.workflow.name}/{self.job.key}"
        stem = self.workflow.path.rpartition(".")[0]
        self.key: NodeKey = ("Agent", f"{FRAMEWORK}:{self.root}/{stem}#{self.name}")
        self.line = min(run.line for run in self.job.runs) if self.job.runs else self.job.line
        self.token: NodeKey = ("Identity", f"github-token:{self.root}/{self.workflow.path}#{self.job.key}")

    def props(self, line: int, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [f"{self.root}/{self.workflow.path}#L{line}"], **props}

    def untrusted(self) -> dict[str, list[str]]:
        """Expressions of strangers that reach the agent → triggers on which they have a value; without those that never have one here."""
        found = {path for run in self.runs for path in run.untrusted}
        return self.reaching(found | {path for run in self.runs for name in run.inputs for path in self.carried.get(name, ())})

    def reaching(self, paths: set[str]) -> dict[str, list[str]]:
        called = "workflow_call" in self.triggers and not any(name in TRIGGERS for name in self.triggers)
        reaching = {}
        for path in sorted(paths):
            possible = triggers_of(path)
            names = [name for name in possible if name in self.triggers] or (list(possible[:1]) if called else [])
            if names:
                reaching[path] = names
        return reaching

    def facts(self) -> Iterator[Fact]:
        untrusted = self.untrusted()
        written = self.reaching({path for run in self.runs for path in run.written} - untrusted.keys())
        labels = {*self.job.labels, *self.job.gates, *(label for run in self.runs for label in run.labels)}
        labels |= {f"untrusted_prompt={path}" for path in untrusted}
        labels |= {f"untrusted_file={path}" for path in written}
        labels.discard("token=claude_app")
        worst = "autonomous" if any(run.autonomy == "autonomous" for run in self.runs) else None
        props: Props = {
            "name": self.name,
            "framework": FRAMEWORK,
            "kind_detail": ", ".join(sorted({run.detail for run in self.runs})),
            "status": self.status,
            "autonomy": worst,
            "environment": environment_of(self.workflow.path),
            "labels": sorted(labels) or None,
            "sources": [f"{self.root}/{self.workflow.path}#L{line}" for line in sorted({self.job.line, self.line})],
        }
        yield NodeFact(*self.key, {name: value for name, value in props.items() if value is not None})
        workflow: NodeKey = ("Workflow", f"github:{self.root}/{self.workflow.path}#{self.workflow.name}")
        yield EdgeFact("DELEGATES_TO", workflow, self.key, self.props(self.job.line, mode="invoke", kind_detail="job"))
        yield from self.identity()
        yield from _runtime(self.root, self.workflow, self.job, self.key)
        yield from ci.moved(ci.minted(self.job.facts, "GITHUB_TOKEN", self.token), self.key)
        last = max(run.position for run in self.runs)
        yield from ci.moved((fact for position, fact in self.job.logins if position <= last), self.key)
        for run in self.runs:
            yield from ci.moved(ci.minted(run.facts, "GITHUB_TOKEN", self.token), self.key)
            for fact in run.facts:
                if (
                    isinstance(fact, NodeFact)
                    and fact.kind == "ToolServer"
                    and str(fact.props.get("kind_detail")).startswith("bundled with")
                ):
                    yield EdgeFact("RUNS_AS", fact.key, self.token, self.props(self.line))
        yield from self.ingests(untrusted, written)

    # ---- the job's token ----------------------------------------------------------------------------------------------------

    def identity(self) -> Iterator[Fact]:
        permissions = self.job.permissions
        labels = [f"permission={scope}:{access}" for scope, access in permissions or ()]
        if permissions is None:
            labels.append("permissions=default")
        props: Props = {
            "name": f"token of {self.name}",
            "type": "job_token",
            "provider": "github",
            "binding": "platform",
            "kind_detail": "github job token",
            "labels": labels,
        }
        yield NodeFact(*self.token, {**props, "sources": [f"{self.root}/{self.workflow.path}#L{self.job.line}"]})
        yield EdgeFact("RUNS_AS", self.key, self.token, self.props(self.job.line))
        if permissions is None:
            yield self.resource("*")
            resource = self.resource("*").key
            unsure = self.props(self.job.line, actions=["read", "write"])
            yield EdgeFact("CAN_ACCESS", self.token, resource, {**unsure, "evidence": ["inferred"], "confidence": _DEFAULT})
        else:
            yield from self.grants(self.token, permissions)
        if "/" in self.root and {("id-token", "write"), ("*", "write")} & set(permissions or ()):
            # What clouds let in: a token that says which repository's job it is. Only a root with a remote has that name.
            jobs = github_jobs(self.root, self.props(self.job.line)["sources"])
            yield jobs
            yield EdgeFact("RUNS_AS", self.key, jobs.key, self.props(self.job.line))
        if "token=claude_app" in self.job.labels and ("id-token", "write") in (permissions or ()):
            yield from self.claude_app()

    def grants(self, identity: NodeKey, permissions: tuple[tuple[str, str], ...], **more: Any) -> Iterator[Fact]:
        for scope, access in permissions:
            if scope in _NO_RESOURCES:
                continue
            resource = self.resource(scope)
            yield resource
            actions = ["read"] if access == "read" else ["delete", "read", "write"] if scope == "*" else ["read", "write"]
            yield EdgeFact("CAN_ACCESS", identity, resource.key, self.props(self.job.line, actions=actions, **more))

    def resource(self, scope: str) -> NodeFact:
        return repository_part(self.root, scope, [f"{self.root}/{self.workflow.path}#L{self.job.line}"])

    def claude_app(self) -> Iterator[Fact]:
        """Without a token of its own, Claude's action trades the job's OIDC token for one of its GitHub App, whatever the job may do."""
        app: NodeKey = ("Identity", f"github-app:{self.root}#claude")
        props: Props = {"name": "Claude GitHub App", "type": "github_app", "provider": "github", "binding": "federated"}
        yield NodeFact(*app, {**props, "sources": [f"{self.root}/{self.workflow.path}#L{self.line}"]})
        inferred = {"evidence": ["inferred"], "confidence": 0.8}
        yield EdgeFact("RUNS_AS", self.key, app, {**self.props(self.line), **inferred})
        yield from self.grants(app, _CLAUDE_APP, **inferred)

    # ---- content of strangers -----------------------------------------------------------------------------------------------

    def ingests(self, untrusted: Mapping[str, list[str]], written: Mapping[str, list[str]]) -> Iterator[Fact]:
        known = [name for name in self.triggers if name in TRIGGERS]
        flowing = dict.fromkeys(name for names in untrusted.values() for name in names)
        filed = {name for names in written.values() for name in names}
        reads = any(run.reads_event for run in self.runs)
        for name in dict.fromkeys([*known, *flowing, *sorted(filed)]):
            place = self.triggers.get(name, f"{self.root}/{self.workflow.path}#L{self.line}")
            source: NodeKey = ("ContentSource", f"github:events/{name}")
            yield NodeFact(*source, {"name": f"GitHub {TRIGGERS.get(name, name)}", "trust": "untrusted", "sources": [place]})
            if name in flowing or reads:
                yield EdgeFact("INGESTS", self.key, source, self.props(self.line))
            else:
                stated = {"evidence": ["inferred"], "confidence": _FILED if name in filed else _UNSEEN, "sources": [place]}
                yield EdgeFact("INGESTS", self.key, source, stated)
