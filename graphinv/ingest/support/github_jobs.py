"""One GitHub workflow or composite action → what it says of agents: their runs, what jobs are given, what is called. Values stay here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci, claude
from graphinv.ingest.support.agent_commands import agent_commands
from graphinv.ingest.support.github_expressions import Flow, flow, reaching
from graphinv.ingest.support.github_logins import login_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Ref

MAX_JOBS = 500
MAX_STEPS = 1000

_WRITES = re.compile(r">{1,2}\s*(?![&\s\"']*\$\{?GITHUB_(?:OUTPUT|STEP_SUMMARY))[\w\"'$./{-]|\btee\s")
"""A script that writes a file, or a variable for the steps after it."""
_CLAUDE_SERVERS = frozenset({"github", "github_ci", "github_comment", "github_file_ops", "github_inline_comment"})

ACTIONS: Mapping[str, str] = {
    "anthropics/claude-code-action": "claude-code",
    "anthropics/claude-code-action/base-action": "claude-code",
    "anthropics/claude-code-base-action": "claude-code",
    "anthropics/claude-code-security-review": "claude-code",
    "openai/codex-action": "codex",
    "google-github-actions/run-gemini-cli": "gemini-cli",
    "google-gemini/gemini-cli-action": "gemini-cli",
    "qwenlm/qwen-code-action": "qwen-code",
    "sst/opencode/github": "opencode",
    "anomalyco/opencode/github": "opencode",
    "opencode-ai/opencode/github": "opencode",
    "augmentcode/augment-agent": "auggie",
    "augmentcode/review-pr": "auggie",
    "augmentcode/describe-pr": "auggie",
    "factory-ai/droid-action": "droid",
    "mirrajabi/aider-github-action": "aider",
    "cursor/cursor-agent-action": "cursor",
    "continuedev/continue-agent-action": "continue",
    "all-hands-ai/openhands-github-action": "openhands",
    "openhands/openhands-github-action": "openhands",
}
"""Action (lower case, without a version) that runs an agent → the client whose names its tools have."""
REUSABLE: Mapping[str, str] = {
    "all-hands-ai/openhands/.github/workflows/openhands-resolver.yml": "openhands",
    "openhands/openhands/.github/workflows/openhands-resolver.yml": "openhands",
}
"""The same for workflows that jobs call."""


@dataclass(frozen=True, slots=True)
class Use:
    """An action or a reusable workflow that a job uses. ``untrusted`` are the inputs that carry text of strangers."""

    path: str
    line: int
    untrusted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    facts: tuple[Fact, ...] = ()
    position: int = 0


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
    """One composite action."""

    path: str
    runs: tuple[ci.Run, ...] = ()
    actions: tuple[Use, ...] = ()


# --------------------------------------------------------------------------------------------------------------------------------
# Steps


@dataclass
class _Steps:
    """The steps of a job or an action while they are read."""

    document: Document
    located: Located
    ingestor: str
    section: str
    jobs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    around: Flow = field(default_factory=Flow)
    around_env: dict[str, Any] = field(default_factory=dict)
    tainted: dict[str, frozenset[str]] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    """Expressions of strangers that steps before wrote to files."""
    runs: list[ci.Run] = field(default_factory=list)
    actions: list[Use] = field(default_factory=list)
    logins: list[tuple[int, Fact]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    gates: set[str] = field(default_factory=set)

    def read(self, steps: Any, pointer: Pointer) -> None:
        for index, step in enumerate(steps[:MAX_STEPS]) if isinstance(steps, list) else ():
            if isinstance(step, dict):
                self.step(step, (*pointer, index), index)

    def step(self, step: dict[str, Any], pointer: Pointer, position: int) -> None:
        id = step.get("id")
        filled = flow(step.get("run"), step.get("with"), step.get("env"))
        reached = reaching(filled, self.tainted, self.jobs) | self.around.untrusted
        if isinstance(id, str):
            self.tainted[id] = self.tainted.get(id, frozenset()) | reached
        uses, script = step.get("uses"), step.get("run")
        if isinstance(uses, str):
            self.uses(step, uses.strip(), pointer, position, filled, reached)
        elif isinstance(script, str):
            if reached and _WRITES.search(script):
                self.written |= reached
            for command in agent_commands(script):
                line = self.located.line(*pointer, "run")
                run = ci.command_run(self.document, line, command, self.ingestor, self.section)
                self.add(run, step, pointer, position, filled, reached)

    def uses(self, step: dict[str, Any], uses: str, pointer: Pointer, position: int, filled: Flow, reached: frozenset[str]) -> None:
        name = uses.partition("@")[0].lower().rstrip("/")
        line = self.located.line(*pointer, "uses")
        inputs = step.get("with")
        inputs = inputs if isinstance(inputs, dict) else {}
        if uses.startswith("./"):
            facts = tuple(secret_holds(self.document, line, filled))
            carried = _carried(inputs, self.tainted, self.jobs)
            self.actions.append(Use(uses[2:].strip("/"), line, carried, facts, position))
            return
        client = ACTIONS.get(name)
        if client is not None:
            run = ci.Building(self.document, name, client, line, self.ingestor)
            _action(run, name, inputs, self.section, self.labels, self.gates)
            run.facts += _package(self.document, line, uses)
            reads = client == "claude-code" and not any(inputs.get(key) for key in ("prompt", "direct_prompt", "prompt_file"))
            self.add(run, step, pointer, position, filled, reached, reads_event=reads)
        elif name == "actions/ai-inference" and inputs.get("enable-github-mcp") in (True, "true"):
            run = ci.Building(self.document, name, "github-models", line, self.ingestor, autonomy="autonomous")
            run.servers({"github": {"type": "http", "url": "https://api.githubcopilot.com/mcp/"}}, self.section)
            run.model(inputs.get("model"))
            run.facts += _package(self.document, line, uses)
            self.add(run, step, pointer, position, filled, reached)
        else:
            self.logins += [(position, fact) for fact in login_facts(self.document, line, name, inputs, self.ingestor)]
        if name == "actions/checkout" and re.search(r"pull_request\.head\.|github\.head_ref", str(inputs.get("ref"))):
            self.labels.add("checks_out=pull_request_head")

    def add(
        self,
        run: ci.Building,
        step: dict[str, Any],
        pointer: Pointer,
        position: int,
        filled: Flow,
        reached: frozenset[str],
        *,
        reads_event: bool = False,
    ) -> None:
        run.facts += secret_holds(self.document, run.line, filled)
        for part in ("env", "with"):
            run.facts += literal_secrets(self.document, self.located, step.get(part), (*pointer, part))
        if isinstance(step.get("run"), str):
            run.facts += literal_secrets(self.document, self.located, {"run": step["run"]}, pointer)
        if filled.all_secrets:
            run.labels.add("secrets=all")
            run.problem("is given all secrets of the repository; which they are is not known")
        self.gates |= gates(step.get("if"))
        self.runs.append(
            ci.Run(
                run.detail,
                run.line,
                run.autonomy,
                tuple(sorted(run.labels)),
                tuple(run.facts),
                tuple(sorted(reached)),
                tuple(sorted(filled.inputs)),
                reads_event,
                position,
                tuple(sorted(self.written - reached)),
            )
        )


def _carried(
    inputs: Mapping[str, Any], steps: Mapping[str, frozenset[str]], jobs: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = {name: reaching(flow(value), steps, jobs) for name, value in list(inputs.items())[:200]}
    return tuple((name, tuple(sorted(paths))) for name, paths in sorted(found.items()) if paths)


def secret_holds(document: Document, line: int, filled: Flow) -> Iterator[Fact]:
    """The secrets of the repository that ``filled`` names."""
    for name in sorted(filled.secrets):
        yield EdgeFact(
            "HOLDS",
            ci.HOLDER,
            secret_ref(document.root, name),
            {"place": "vault", "evidence": ["declared"], "sources": [document.source(line)]},
        )


def secret_ref(root: str, name: str) -> Ref:
    """A secret of the repository (or its organisation) by name."""
    return Ref("Secret", "github-secret", redact(name), fallback=f"github-secret:{root}#{redact(name)}")


def literal_secrets(document: Document, located: Located, values: Any, pointer: Pointer) -> Iterator[Fact]:
    """Credentials that stand in the document as they are."""
    for key, value in list(values.items())[:200] if isinstance(values, dict) else ():
        if isinstance(value, str):
            for fact in secret_facts(document, located.line(*pointer, key), ci.HOLDER, key, value, "repo"):
                if not (isinstance(fact, EdgeFact) and isinstance(fact.target, Ref)):
                    yield fact


def gates(condition: Any) -> set[str]:
    """What a condition asks of who caused the event, as far as it is known to be such a question."""
    text = condition if isinstance(condition, str) else ""
    found = set()
    if "author_association" in text:
        found.add("gate=author_association")
    if re.search(
        r"head\.repo\.full_name\s*==\s*github\.repository|head\.repo\.fork\s*==\s*false|!\s*github\.event\.pull_request\.head\.repo\.fork",
        text,
    ):
        found.add("gate=same_repository")
    if re.search(
        r"github\.(?:actor|triggering_actor|event\.sender\.login|event\.pull_request\.user\.login)\s*=="
        r"|contains\([^)]*github\.(?:actor|event\.sender\.login)",
        text,
    ):
        found.add("gate=actor")
    return found


def _package(document: Document, line: int, uses: str) -> Iterator[Fact]:
    """The action that is run, as a package; pinned where it names a commit."""
    name, _, version = uses.partition("@")
    parts = name.lower().split("/")
    if len(parts) < 2 or not re.fullmatch(r"[\w./-]{1,200}", name) or "${{" in uses:
        return
    version = version.split(" ")[0] if re.fullmatch(r"[\w./-]{1,100}", version.split(" ")[0]) else ""
    purl = f"pkg:github/{parts[0]}/{parts[1]}" + (f"@{version}" if version else "") + (f"#{'/'.join(parts[2:])}" if parts[2:] else "")
    pinned = "true" if re.fullmatch(r"[0-9a-f]{40}", version) else "false"
    sources = [document.source(line)]
    props = {"name": name, "purl": purl, "version": version or None, "kind_detail": "github-action", "labels": [f"pinned={pinned}"]}
    yield NodeFact("Package", purl, {**{key: value for key, value in props.items() if value is not None}, "sources": sources})
    yield EdgeFact("DEPENDS_ON", ci.HOLDER, ("Package", purl), {"evidence": ["declared"], "sources": sources})


# --------------------------------------------------------------------------------------------------------------------------------
# Actions that run an agent


def _action(run: ci.Building, name: str, inputs: dict[str, Any], section: str, labels: set[str], held: set[str]) -> None:
    """What the inputs of an action say of its run; ``labels`` and ``held`` (gates) are those of the job."""

    def text(*keys: str) -> str:
        return next((str(inputs[key]) for key in keys if isinstance(inputs.get(key), (str, int, bool)) and inputs[key] != ""), "")

    if run.client == "claude-code":
        _claude_action(run, name, text, section)
        if name == "anthropics/claude-code-action":
            if text("allowed_bots") == "*":
                labels.add("allowed_bots=*")
            if text("anthropic_federation_rule_id"):
                run.labels.add("model_login=federated")
            if not text("github_token"):
                labels.add("token=claude_app")
            _open_to(text("allowed_non_write_users"), labels, held)
    elif run.client == "codex":
        ci.codex_run(run, ci.words_of(text("codex-args")), text("sandbox") or "workspace-write")
        if re.fullmatch(r"[a-z-]{1,40}", text("safety-strategy")):
            run.labels.add(f"safety={text('safety-strategy')}")
        _open_to(text("allow-users"), labels, held)
    elif run.client in ("gemini-cli", "qwen-code"):
        ci.gemini_run(run, [], text("settings", "settings_json"), section, unasked=True)
        login = {"service_account": text("gcp_service_account")}
        run.facts += login_facts(run.document, run.line, "google-github-actions/auth", login, run.ingestor)
    else:
        ci.other_run(run, unasked=True)
    run.model(text("model", "gemini_model"))


def _open_to(users: str, labels: set[str], held: set[str]) -> None:
    """Actions that start only for people who may write, unless they are told whom else to serve."""
    if users == "*":
        labels.add("allowed_non_write_users=*")
    elif not users:
        held.add("gate=write_access")


def _claude_action(run: ci.Building, name: str, text: Callable[..., str], section: str) -> None:
    words = ci.words_of(text("claude_args"))
    if text("mcp_config"):
        words += ["--mcp-config", text("mcp_config")]
    whole = name == "anthropics/claude-code-action"
    ci.claude_run(
        run,
        words,
        base=ci.CLAUDE_ACTION_TOOLS if whole else ci.CLAUDE_UNASKED,
        allowed=[*text("allowed_tools").split("\n"), *text("allowed-tools").split("\n")],
        denied=text("disallowed_tools").split("\n"),
        settings=text("settings"),
        bundled=_CLAUDE_SERVERS if whole else frozenset(),
        section=section,
    )
    _command(run, text("prompt"))


def _command(run: ci.Building, prompt: str) -> None:
    """A prompt that is a slash command uses it."""
    match = re.match(r"\s*/([A-Za-z][\w-]{0,60})(?![\w:/-])", prompt)
    if match:
        run.edge("USES", Ref("Tool", claude.CLIENT, match[1], fallback=f"command:{run.document.root}#{match[1]}"))


# --------------------------------------------------------------------------------------------------------------------------------
# Workflows


def read_action(document: Document, located: Located, ingestor: str) -> Action | None:
    """A composite action; None where it is of another kind, or runs and uses nothing of interest."""
    body = located.value.get("runs")
    if not isinstance(body, dict) or body.get("using") != "composite":
        return None
    steps = _Steps(document, located, ingestor, "action")
    steps.read(body.get("steps"), ("runs", "steps"))
    return Action(document.path, tuple(steps.runs), tuple(steps.actions)) if steps.runs or steps.actions else None


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
    return Workflow(document.path, name, located.line("name"), _triggers(top, located), jobs, tuple(problems))


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
    steps = _Steps(document, located, ingestor, f"{workflow}/{name}", outputs, around)
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
        _permissions(job.get("permissions", top.get("permissions"))),
        _runs_on(job.get("runs-on")),
        tuple(steps.runs),
        tuple(steps.actions),
        call,
        tuple(facts),
        tuple(steps.logins),
        tuple(sorted(labels)),
        tuple(sorted(steps.gates)),
    )


def _call(steps: _Steps, job: dict[str, Any], line: int) -> Use | None:
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
        run.facts += _package(steps.document, line, uses.strip())
        steps.add(run, {}, (), 0, passed, reaching(passed, {}, steps.jobs))
    if not uses.strip().startswith("./"):
        return None
    inputs = job.get("with")
    return Use(uses.strip()[2:], line, _carried(inputs if isinstance(inputs, dict) else {}, {}, steps.jobs))


def _permissions(value: Any) -> tuple[tuple[str, str], ...] | None:
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


def _runs_on(value: Any) -> tuple[str, ...]:
    labels = value.get("labels", value.get("group")) if isinstance(value, dict) else value
    found = [labels] if isinstance(labels, str) else labels if isinstance(labels, list) else []
    return tuple(redact(label[:80]) for label in found if isinstance(label, str))[:20]


def _triggers(top: dict[str, Any], located: Located) -> tuple[tuple[str, int], ...]:
    """Triggers and their lines. Readers of YAML 1.1 take the key ``on`` for true."""
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
