"""GitLab pipelines that run coding agents: ``.gitlab-ci.yml`` and the files of the tree that it includes.

Drawn:
    (:Workflow)-[:DELEGATES_TO {mode: invoke}]->(:Agent of a job)
    (:Agent)-[:RUNS_AS]->(:Identity token of the job)-[:CAN_ACCESS]->(:Resource project)
    (:Agent)-[:HOLDS]->(:Secret), (:Agent)-[:RUNS_ON]->(:Runtime)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer)
    (:Agent)-[:INGESTS]->(:ContentSource merge requests …)

One agent per job whose script starts one, named ``<pipeline>/<job>``, and one per external agent of GitLab Duo (``.gitlab/duo/flows/``). A
job takes what ``extends`` and ``default`` give it, from included files too. Variables that are set in the project's settings are known by
name only where the job's environment or script uses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci, claude, yamldoc
from graphinv.ingest.support.agent_commands import agent_commands, installs_agent
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import looks_secret_name, redact, secret_facts
from graphinv.ingest.support.words import names
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "gitlab_ci"
TITLE = "GitLab pipelines that run agents"
FILES = ("**/.gitlab-ci.yml", "**/*.gitlab-ci.yml", "**/.gitlab/duo/flows/*.yaml", "parts of pipelines in .gitlab/, ci/ and the like")
MAX_BYTES = 1024 * 1024
FRAMEWORK = "gitlab-ci"

_NO_JOBS = names("default include stages variables workflow image services cache before_script after_script spec")
_PARTS = names(".gitlab .gitlab-ci gitlab gitlab-ci ci .ci pipelines")
"""Folders in which parts of pipelines lie."""
_SCRIPTS = ("before_script", "script", "after_script")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w{1,100})")
_UNTRUSTED = re.compile(
    r"\$\{?(CI_MERGE_REQUEST_(?:TITLE|DESCRIPTION|SOURCE_BRANCH_NAME)|CI_COMMIT_(?:MESSAGE|TITLE|DESCRIPTION|REF_NAME|BRANCH)"
    r"|AI_FLOW_(?:INPUT|CONTEXT)|CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME)\b"
)
_SOURCES = {
    "merge_request_event": "merge requests",
    "external_pull_request_event": "pull requests",
    "duo_mention": "mentions in issues and merge requests",
}
_OF_SERVICE_ACCOUNT = "GITLAB_TOKEN_"
"""How GitLab calls the token of the service account that an external agent acts as: ``GITLAB_TOKEN_CLAUDE``."""
_FLOW = re.compile(r"(?:.*/)?\.gitlab/duo/flows/[^/]+\.ya?ml", re.DOTALL | re.IGNORECASE)
MAX_JOBS = 1000
MAX_EXTENDS = 10


@dataclass(frozen=True, slots=True)
class Job:
    """One job (or hidden template) as far as it matters here; its facts speak of :data:`graphinv.ingest.support.ci.HOLDER`."""

    path: str
    name: str
    line: int
    extends: tuple[str, ...]
    runs: Mapping[str, tuple[ci.Run, ...]]
    """The agents that each of its scripts starts, of those that it has."""
    facts: tuple[Fact, ...]
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    image: str
    audiences: tuple[str, ...]
    environment: str
    installs: bool = False
    """Whether a script of it installs a coding agent."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One file: its jobs, the files of the tree that it includes, and whether it starts pipelines itself."""

    path: str
    name: str
    line: int
    jobs: tuple[Job, ...]
    includes: tuple[str, ...]
    sources: tuple[str, ...]
    facts: tuple[Fact, ...]


def detect(path: str, head: bytes) -> bool:
    """Whether it is a pipeline by name, or may be a part of one that is included, by its folder and its beginning."""
    *folders, name = path.lower().split("/")
    if not name.endswith((".yml", ".yaml")):
        return False
    return _is_pipeline(name) or _FLOW.fullmatch(path) is not None or (b"script:" in head and not _PARTS.isdisjoint(folders))


def _is_pipeline(path: str) -> bool:
    return path.lower().endswith((".gitlab-ci.yml", ".gitlab-ci.yaml"))


def summarise(document: Document) -> Pipeline | None:
    """What one file says of jobs that may run agents; None where it holds no jobs.

    Raises:
        IngestError: a pipeline that is not YAML, or not a mapping at its top.
    """
    located = _top(document)
    if located is None:
        return None
    top: dict[str, Any] = located.value
    if _FLOW.fullmatch(document.path):
        return _flow(document, located)
    entries = [(key, job) for key, job in list(top.items())[:MAX_JOBS] if isinstance(job, dict) and key not in _NO_JOBS]
    jobs = tuple(_job(document, located, key, job) for key, job in entries)
    default = top.get("default")
    wide = {**(default if isinstance(default, dict) else {}), **{key: top[key] for key in ("before_script", "image") if key in top}}
    rules = top.get("workflow")
    name = rules.get("name") if isinstance(rules, dict) else None
    known = isinstance(name, str) and name.strip() and "$" not in name
    return Pipeline(
        document.path,
        redact(str(name).strip()[: claude.MAX_NAME]) if known else document.name.rpartition(".")[0].lstrip("."),
        located.line(),
        (*jobs, replace(_job(document, located, "default", wide), line=located.line("default"))),
        tuple(_includes(top.get("include"))),
        tuple(sorted(_sources(rules))),
        tuple(_variables(document, located, top.get("variables"), ("variables",))),
    )


def _flow(document: Document, located: Located) -> Pipeline | None:
    """An external agent of GitLab Duo: commands that run when somebody mentions it. The variables that it is given are listed by name."""
    top: dict[str, Any] = located.value
    if top.get("commands") is None:
        return None
    name, line, given = document.name.rpartition(".")[0], located.line("commands"), top.get("variables")
    runs = _runs(document, line, name, _script(top["commands"]))
    listed = [one for one in given[:500] if isinstance(one, str)] if isinstance(given, list) else []
    secrets = [one for one in listed if looks_secret_name(one) or one.startswith(_OF_SERVICE_ACCOUNT)]
    held = tuple(_held(document, located.line("variables"), one) for one in secrets)
    image = top.get("image")
    shown = redact(image[:200]) if isinstance(image, str) else ""
    job = Job(document.path, redact(name), line, (), {"script": tuple(runs)}, held, (), ("duo_mention",), shown, (), "")
    return Pipeline(document.path, redact(name), located.line(), (job,), (), (), ())


def _top(document: Document) -> Located | None:
    """The document that holds the jobs: the last one, since a header with inputs may stand before it."""
    try:
        found = yamldoc.parse(document.text(), document)
        if not found or not isinstance(found[-1].value, dict):
            raise IngestError("holds no mapping at its top", document=document.path, where="L1")
    except IngestError:
        if _is_pipeline(document.path) or "gitlab" in document.folder.lower():
            raise
        return None  # something else that lies in such a folder
    return found[-1]


def _job(document: Document, located: Located, key: str, job: dict[str, Any]) -> Job:
    name = redact(key[: claude.MAX_NAME])
    extends = job.get("extends")
    extends = [extends] if isinstance(extends, str) else extends if isinstance(extends, list) else []
    runs = {
        part: tuple(_runs(document, located.line(key, part), name, _script(job[part]))) for part in _SCRIPTS if job.get(part) is not None
    }
    image = job.get("image")
    image = image.get("name") if isinstance(image, dict) else image
    tokens = job.get("id_tokens")
    environment = job.get("environment")
    environment = environment.get("name") if isinstance(environment, dict) else environment
    tags = job.get("tags")
    return Job(
        document.path,
        name,
        located.line(key),
        tuple(redact(parent) for parent in extends if isinstance(parent, str))[:20],
        runs,
        tuple(_variables(document, located, job.get("variables"), (key, "variables"))),
        tuple(redact(tag[:80]) for tag in tags if isinstance(tag, str))[:20] if isinstance(tags, list) else (),
        tuple(sorted(_sources({"rules": job.get("rules"), "only": job.get("only")}))),
        redact(image[:200]) if isinstance(image, str) else "",
        tuple(_audiences(tokens)),
        redact(environment[:80]) if isinstance(environment, str) and "$" not in environment else "",
        any(installs_agent(_script(job.get(part))) for part in _SCRIPTS),
    )


def _runs(document: Document, line: int, section: str, text: str) -> list[ci.Run]:
    """The agents that a script starts."""
    runs: list[ci.Run] = []
    untrusted = tuple(sorted({match[1] for match in _UNTRUSTED.finditer(text)}))
    for command in agent_commands(text):
        run = ci.command_run(document, line, command, NAME, section)
        run.facts += _used(document, line, text)
        run.facts += [
            fact
            for fact in secret_facts(document, line, ci.HOLDER, "", text, "repo")
            if not (isinstance(fact, EdgeFact) and isinstance(fact.target, Ref))
        ]
        runs.append(ci.Run(run.detail, run.line, run.autonomy, tuple(sorted(run.labels)), tuple(run.facts), untrusted))
    return runs


def _script(value: Any) -> str:
    """A script as one text; lists may hold lists, where anchors put them."""
    if isinstance(value, str):
        return value
    lines: list[str] = []
    pending = [value]
    while pending and len(lines) < 5000:
        item = pending.pop(0)
        if isinstance(item, str):
            lines.append(item)
        elif isinstance(item, list):
            pending = [*item[:1000], *pending]
    return "\n".join(lines)


def _used(document: Document, line: int, text: str) -> Iterator[Fact]:
    """Variables of the project that a script uses and that are called like a credential."""
    for name in sorted({match[1] for match in _VARIABLE.finditer(text[:100_000])}):
        if looks_secret_name(name) and name != "CI_JOB_TOKEN":
            yield _held(document, line, name)


def _held(document: Document, line: int, name: str) -> EdgeFact:
    shown = redact(name)
    target = Ref("Secret", "gitlab-variable", shown, fallback=f"gitlab-variable:{document.root}#{shown}")
    props: Props = {"place": "env", "evidence": ["declared"], "sources": [document.source(line)]}
    return EdgeFact("HOLDS", ci.HOLDER, target, props)


def _variables(document: Document, located: Located, values: Any, pointer: tuple[str, ...]) -> Iterator[Fact]:
    """Credentials among variables: those that stand there, and the project's variables that they are filled from."""
    for name, given in list(values.items())[:500] if isinstance(values, dict) else ():
        value = given.get("value") if isinstance(given, dict) else given
        if not isinstance(value, str):
            continue
        line = located.line(*pointer, name)
        for fact in secret_facts(document, line, ci.HOLDER, name, value, "repo"):
            if not (isinstance(fact, EdgeFact) and isinstance(fact.target, Ref)):
                yield fact
        for match in _VARIABLE.finditer(value[:10_000]):
            if (looks_secret_name(match[1]) or looks_secret_name(name)) and match[1] != "CI_JOB_TOKEN":
                yield _held(document, line, match[1])


def _audiences(tokens: Any) -> Iterator[str]:
    for token in tokens.values() if isinstance(tokens, dict) else ():
        given = token.get("aud") if isinstance(token, dict) else None
        for audience in [given] if isinstance(given, str) else given if isinstance(given, list) else []:
            if isinstance(audience, str):
                yield redact(audience[:200])


def _sources(value: Any) -> set[str]:
    """Sources of pipelines that rules (or ``only``) let in, of those that strangers can cause."""
    text = str(value)[:50_000]
    found = {source for source in _SOURCES if source in text}
    if isinstance(value, dict) and "merge_requests" in str(value.get("only"))[:10_000]:
        found.add("merge_request_event")
    return found


def _includes(value: Any) -> Iterator[str]:
    for item in value[:200] if isinstance(value, list) else [value]:
        path = item.get("local") if isinstance(item, dict) else item
        if isinstance(path, str) and not path.startswith(("http://", "https://")):
            yield path.lstrip("/")[:500]


# --------------------------------------------------------------------------------------------------------------------------------
# All files of a root


def link(root: str, summaries: Mapping[str, Any]) -> Iterator[Fact]:
    """Facts of all pipelines of ``root`` that run agents."""
    pipelines = {path: one for path, one in summaries.items() if isinstance(one, Pipeline)}
    included = {path for one in pipelines.values() for path in _resolved(one, pipelines)}
    for path in sorted(pipelines):
        name = path.rpartition("/")[2].lower()
        if name in (".gitlab-ci.yml", ".gitlab-ci.yaml") or _FLOW.fullmatch(path) or (_is_pipeline(path) and path not in included):
            yield from _facts(root, pipelines[path], pipelines)


def _resolved(pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> Iterator[str]:
    """Paths of the files that a pipeline includes, from the top of its project."""
    top = pipeline.path.rpartition("/")[0]
    for given in pipeline.includes:
        pattern = re.escape(f"{top}/{given}" if top else given).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        matcher = re.compile(pattern, re.DOTALL)
        if "*" not in given:
            path = f"{top}/{given}" if top else given
            if path in pipelines:
                yield path
        else:
            yield from (path for path in pipelines if matcher.fullmatch(path))


def _files(pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> list[Pipeline]:
    """The pipeline and all that it includes, the included ones first."""
    found: dict[str, Pipeline] = {}
    pending = [pipeline]
    while pending and len(found) < 200:
        one = pending.pop()
        if one.path not in found:
            found[one.path] = one
            # Included files name others from the top of the project too.
            moved = replace(one, path=pipeline.path)
            pending += [pipelines[path] for path in _resolved(moved, pipelines)]
    return [*list(found.values())[1:], pipeline]


def _facts(root: str, pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> Iterator[Fact]:
    files = _files(pipeline, pipelines)
    jobs = {job.name: job for file in files for job in file.jobs}
    sources = {source for file in files for source in file.sources}
    wide = [fact for file in files for fact in file.facts]
    workflow: NodeKey = ("Workflow", f"gitlab:{root}/{pipeline.path}#{pipeline.name}")
    shown = False
    for job in jobs.values():
        if job.name.startswith(".") or job.name == "default":
            continue
        chain = _chain(job, jobs)
        # Each script is the nearest one of its kind; what the pipeline gives to all jobs stands behind.
        behind = [*chain, *(jobs[name] for name in ("default",) if name in jobs)]
        runs = tuple(run for part in _SCRIPTS for run in next((one.runs[part] for one in behind if part in one.runs), ()))
        if not runs:
            if any(one.installs for one in chain):
                message = "installs a coding agent and starts it in a way that cannot be followed from here"
                yield Problem(job.path, f"L{job.line}", message, "warning", NAME)
            continue
        if not shown:
            shown = True
            props: Props = {"name": pipeline.name, "type": "ci", "status": "active", "kind_detail": "gitlab pipeline"}
            environment = environment_of(pipeline.path)
            props |= {"environment": environment} if environment else {}
            yield NodeFact(*workflow, {**props, "sources": [f"{root}/{pipeline.path}#L{pipeline.line}"]})
        yield from _job_facts(root, workflow, pipeline, chain, runs, sources, wide)


def _chain(job: Job, jobs: Mapping[str, Job]) -> list[Job]:
    """The job and what it extends, the nearest first."""
    chain: list[Job] = []
    pending = [job]
    while pending and len(chain) < MAX_EXTENDS:
        one = pending.pop(0)
        if one not in chain:
            chain.append(one)
            pending += [jobs[name] for name in reversed(one.extends) if name in jobs]
    return chain


def _job_facts(
    root: str,
    workflow: NodeKey,
    pipeline: Pipeline,
    chain: list[Job],
    runs: tuple[ci.Run, ...],
    sources: set[str],
    wide: list[Fact],
) -> Iterator[Fact]:
    job = chain[0]
    name = f"{pipeline.name}/{job.name}"
    key: NodeKey = ("Agent", f"{FRAMEWORK}:{root}/{re.sub(r'[.]ya?ml$', '', pipeline.path)}#{name}")
    place = [f"{root}/{job.path}#L{job.line}"]
    stated: Props = {"evidence": ["declared"], "sources": place}
    untrusted = sorted({variable for run in runs for variable in run.untrusted})
    labels = {label for run in runs for label in run.labels} | {f"untrusted_prompt={variable}" for variable in untrusted}
    labels |= {f"gitlab_environment={one.environment}" for one in chain if one.environment}
    props: Props = {
        "name": name,
        "framework": FRAMEWORK,
        "kind_detail": ", ".join(sorted({run.detail for run in runs})),
        "status": "active",
        "labels": sorted(labels),
        "sources": place,
    }
    autonomy = "autonomous" if any(run.autonomy == "autonomous" for run in runs) else None
    environment = environment_of(pipeline.path)
    more = {"autonomy": autonomy, "environment": environment}
    yield NodeFact(*key, {**props, **{name: value for name, value in more.items() if value}})
    yield EdgeFact("DELEGATES_TO", workflow, key, {**stated, "mode": "invoke", "kind_detail": "job"})
    token: NodeKey = ("Identity", f"gitlab-token:{root}/{pipeline.path}#{job.name}")
    yield from _identity(root, pipeline, job, key, token, stated)
    runtime: NodeKey = ("Runtime", f"gitlab-runner:{root}/{pipeline.path}#{job.name}")
    tags = sorted({tag for one in chain for tag in one.tags})
    image = next((one.image for one in chain if one.image), "")
    about = [f"tag={tag}" for tag in tags] + ([f"image={image}"] if image else [])
    yield NodeFact(
        *runtime, {"name": f"runner of {name}", "type": "ci_job", "kind_detail": "gitlab runner", "labels": about, "sources": place}
    )
    yield EdgeFact("RUNS_ON", key, runtime, stated)
    given = [*wide, *(fact for one in chain for fact in one.facts), *(fact for run in runs for fact in run.facts)]
    yield from ci.moved(ci.minted(given, "CI_JOB_TOKEN", token), key)
    causes = sources | {source for one in chain for source in one.sources}
    if untrusted and not causes:
        causes = {"merge_request_event"} if any("MERGE_REQUEST" in variable for variable in untrusted) else set()
    for cause in sorted(causes):
        source: NodeKey = ("ContentSource", f"gitlab:events/{cause}")
        yield NodeFact(*source, {"name": f"GitLab {_SOURCES[cause]}", "trust": "untrusted", "sources": place})
        yield EdgeFact("INGESTS", key, source, stated if untrusted else {**stated, "evidence": ["inferred"], "confidence": 0.6})


def _identity(root: str, pipeline: Pipeline, job: Job, key: NodeKey, token: NodeKey, stated: Props) -> Iterator[Fact]:
    """The job's token: what it may do follows from who started the pipeline; reading its own project is certain."""
    labels = ["permissions=of_user", *(f"oidc_audience={audience}" for audience in job.audiences)]
    props: Props = {"name": f"token of {pipeline.name}/{job.name}", "type": "job_token", "provider": "gitlab", "binding": "platform"}
    yield NodeFact(*token, {**props, "kind_detail": "gitlab job token", "labels": labels, "sources": stated["sources"]})
    yield EdgeFact("RUNS_AS", key, token, stated)
    project: NodeKey = ("Resource", f"gitlab:{root}")
    yield NodeFact(*project, {"name": root, "type": "repository", "kind_detail": "gitlab project", "sources": stated["sources"]})
    yield EdgeFact("CAN_ACCESS", token, project, {**stated, "actions": ["read"]})
