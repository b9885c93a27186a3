"""The steps of a GitHub job or composite action: which of them run agents, what they are given, whose text reaches them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci
from graphinv.ingest.support.agent_commands import agent_commands, run_words
from graphinv.ingest.support.github_actions import ACTIONS, action_run, package_facts
from graphinv.ingest.support.github_expressions import Flow, flow, reaching
from graphinv.ingest.support.github_logins import login_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Props, Ref

MAX_STEPS = 1000
ANY_INPUT = "*"
"""Stands for all that a step gives to a script."""
_SCRIPT = re.compile(r"(?<![\w/.-])(?:\./|\$\{?GITHUB_WORKSPACE\}?/)?(\.?\w[\w.-]{0,100}(?:/[\w.-]{1,100}){0,8}\.(?:sh|bash))\b")
MAX_SCRIPTS = 20
MAX_DOUBTS = 20
"""Things that may run agents elsewhere which are named, of each job."""

_WRITES = re.compile(r">{1,2}\s*(?![&\s\"']*\$\{?GITHUB_(?:OUTPUT|STEP_SUMMARY))[\w\"'$./{-]|\btee\s")
"""A script that writes a file, or a variable for the steps after it."""
_AGENT_WORDS = re.compile(r"claude|codex|run-gemini|gemini-(?:cli|code)|opencode|aider|openhands|cursor-agent|(?:coding|ai)-agent")
_NO_AGENT = re.compile(r"agent-approval-check|setup-|install-|/setup")


@dataclass(frozen=True, slots=True)
class Use:
    """An action or a reusable workflow that a job uses. ``untrusted`` are the inputs that carry text of strangers."""

    path: str
    line: int
    untrusted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    facts: tuple[Fact, ...] = ()
    position: int = 0


@dataclass
class Steps:
    """The steps of a job or an action while they are read: the runs of agents among them, and what surrounds those."""

    document: Document
    located: Located
    ingestor: str
    section: str
    jobs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    around: Flow = field(default_factory=Flow)
    tainted: dict[str, frozenset[str]] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    """Expressions of strangers that steps before wrote to files."""
    runs: list[ci.Run] = field(default_factory=list)
    actions: list[Use] = field(default_factory=list)
    logins: list[tuple[int, Fact]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    gates: set[str] = field(default_factory=set)
    unknown: list[Problem] = field(default_factory=list)

    def doubt(self, uses: str, line: int, what: str) -> None:
        """Something outside the tree whose name says that it may run an agent."""
        if _AGENT_WORDS.search(uses) and not _NO_AGENT.search(uses) and len(self.unknown) < MAX_DOUBTS:
            message = f"uses {what} outside this tree that may run an agent; what it does is not known from here"
            self.unknown.append(Problem(self.document.path, f"L{line}", message, "warning", self.ingestor))

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
            self.scripts(step, script, pointer, position, filled, reached)
            for command in agent_commands(script):
                line = self.located.line(*pointer, "run")
                run = ci.command_run(self.document, line, command, self.ingestor, self.section)
                self.add(run, step, pointer, position, filled, reached)

    def scripts(self, step: dict[str, Any], script: str, pointer: Pointer, position: int, filled: Flow, reached: frozenset[str]) -> None:
        """Scripts of the tree that a step runs; which of them start agents shows when all documents are known."""
        folder = step.get("working-directory")
        above = f"{folder.strip('./')}/" if isinstance(folder, str) and folder.strip("./") and "$" not in folder else ""
        line = self.located.line(*pointer, "run")
        called = _SCRIPT.findall("\n".join(run_words(script))) if _SCRIPT.search(script) else []
        for name in list(dict.fromkeys(called))[:MAX_SCRIPTS]:
            facts = tuple(secret_holds(self.document, line, filled))
            untrusted = ((ANY_INPUT, tuple(sorted(reached))),) if reached else ()
            self.actions.append(Use(f"{above}{name}", line, untrusted, facts, position))

    def uses(self, step: dict[str, Any], uses: str, pointer: Pointer, position: int, filled: Flow, reached: frozenset[str]) -> None:
        name = uses.partition("@")[0].lower().rstrip("/")
        line = self.located.line(*pointer, "uses")
        inputs = step.get("with")
        inputs = inputs if isinstance(inputs, dict) else {}
        if uses.startswith("./"):
            facts = tuple(secret_holds(self.document, line, filled))
            self.actions.append(Use(uses[2:].strip("/"), line, carried(inputs, self.tainted, self.jobs), facts, position))
            return
        client = ACTIONS.get(name)
        if client is not None:
            run = ci.Building(self.document, name, client, line, self.ingestor)
            action_run(run, name, inputs, self.section, self.labels, self.gates)
            run.facts += package_facts(self.document, line, uses)
            reads = client == "claude-code" and not any(inputs.get(key) for key in ("prompt", "direct_prompt", "prompt_file"))
            self.add(run, step, pointer, position, filled, reached, reads_event=reads)
        elif name == "actions/ai-inference" and inputs.get("enable-github-mcp") in (True, "true"):
            run = ci.Building(self.document, name, "github-models", line, self.ingestor, autonomy="autonomous")
            run.servers({"github": {"type": "http", "url": "https://api.githubcopilot.com/mcp/"}}, self.section)
            run.model(inputs.get("model"))
            run.facts += package_facts(self.document, line, uses)
            self.add(run, step, pointer, position, filled, reached)
        else:
            self.doubt(name, line, "an action")
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


def carried(
    inputs: Mapping[str, Any], steps: Mapping[str, frozenset[str]], jobs: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The inputs that carry text of strangers, each with the expressions, given those that reach ``steps`` and ``jobs``."""
    found = {name: reaching(flow(value), steps, jobs) for name, value in list(inputs.items())[:200]}
    return tuple((name, tuple(sorted(paths))) for name, paths in sorted(found.items()) if paths)


def secret_holds(document: Document, line: int, filled: Flow) -> Iterator[Fact]:
    """The secrets of the repository that ``filled`` names. GitHub keeps them; where they lie for the job is its environment."""
    for name in sorted(filled.secrets):
        props: Props = {"place": "env", "evidence": ["declared"], "sources": [document.source(line)]}
        yield EdgeFact("HOLDS", ci.HOLDER, secret_ref(document.root, name), props)


def secret_ref(root: str, name: str) -> Ref:
    """A secret of the repository (or its organisation) by name."""
    return Ref("Secret", "github-secret", redact(name), fallback=f"github-secret:{root}#{redact(name)}")


def of_repository(root: str, fact: Fact) -> Fact:
    """``fact``, where it speaks of ``${{ secrets.X }}``, of that secret of the repository, which is filled in before anything starts."""
    if isinstance(fact, EdgeFact) and isinstance(fact.target, Ref) and fact.target.name.startswith("secrets."):
        target = secret_ref(root, fact.target.name.removeprefix("secrets."))
        return replace(fact, target=target, props={**fact.props, "place": "env"})
    return fact


def repository_part(repository: str, scope: str, sources: list[str]) -> NodeFact:
    """The repository, or for a ``scope`` of a token other than its contents that part of it."""
    whole = scope in ("*", "contents")
    props: Props = {
        "name": repository if whole else f"{scope} of {repository}",
        "type": "repository" if whole else scope,
        "kind_detail": "github repository" if whole else "github",
    }
    return NodeFact("Resource", f"github:{repository}" if whole else f"github:{repository}/{scope}", {**props, "sources": sources})


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
