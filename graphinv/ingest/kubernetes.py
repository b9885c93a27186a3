"""Kubernetes: workloads, accounts, roles, Secrets, and the agents, tools and servers that are objects of their own.

Drawn:
    (:Runtime pod, deployment …)-[:RUNS_AS]->(:Identity service account)-[:ASSUMES]->(:Identity role of a cloud)
    (:Runtime|ToolServer|Agent)-[:HOLDS]->(:Secret)
    (:Identity of AWS)-[:ASSUMES]->(:Identity user), (:Identity of AWS)-[:MEMBER_OF]->(:Identity group of the cluster)
    (:Agent of kagent, ark, kagenti)-[:CONNECTS_TO {tools}]->(:ToolServer)-[:RUNS_ON]->(:Runtime)
    (:Agent)-[:DELEGATES_TO]->(:Agent), (:Agent)-[:USES]->(:Tool), (:Agent)-[:USES_MODEL]->(:Model)
    and grants: what roles allow, in the words of Kubernetes

A root is one cluster and gives it its name. Charts of Helm are filled in with their own values; templates that cannot be are counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from graphinv.ingest import Document
from graphinv.ingest.support.helm import charts
from graphinv.ingest.support.helm.charts import Filled
from graphinv.ingest.support.kubernetes import ark, aws_auth, kagent, rbac, releases, secrets
from graphinv.ingest.support.kubernetes.cluster import Cluster
from graphinv.ingest.support.kubernetes.kustomize import kustomization
from graphinv.ingest.support.kubernetes.objects import Objects
from graphinv.ingest.support.kubernetes.pods import pairs_of, pod_of
from graphinv.ingest.support.kubernetes.readings import Content, Read, Service, Store, Summary
from graphinv.ingest.support.kubernetes.texts import Raw, holding
from graphinv.ingest.support.places import ENVIRONMENTS, environment_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "kubernetes"
TITLE = "Kubernetes manifests and dumps, with kagent, ark and kagenti agents"
FILES = (
    "*.yaml, *.yml, *.json with apiVersion and kind",
    "lists of kubectl get -o json|yaml, several in one file too",
    "kustomization.yaml",
    "*.sh, *.py with manifests in here-documents and long strings",
    "charts of Helm: Chart.yaml, values.yaml and templates",
)
MAX_BYTES = 48 * 1024 * 1024

_VERSION = re.compile(rb"^(?:[ \t]*- )?[\"']?apiVersion[\"']?[ \t]*:|[{,]\s*\"apiVersion\"\s*:", re.MULTILINE)
_OTHERS = re.compile(
    rb"apiVersion[\"']?\s*:\s*[\"']?(?:(?:[\w-]+\.)?backstage\.io|openapi|cortex|opslevel|skaffold|kind\.x-k8s\.io|ctlptl)[/\w.-]*"
)
_AUDITED = re.compile(rb'"auditID"\s*:')
"""Audit events are no objects of a cluster."""
_KUSTOMIZATION = re.compile(r"(?:.*/)?(?:kustomization\.ya?ml|Kustomization)", re.DOTALL)
_ENVIRONMENT_LABELS = ("environment", "env", "app.kubernetes.io/environment", "tags.datadoghq.com/env", "stage")
_OWNER_LABELS = ("owner", "team", "contact", "app.kubernetes.io/owner", "app.kubernetes.io/team", "owned-by", "maintainer")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a manifest, or is a script that may hold one."""
    name = path.rpartition("/")[2].lower()
    if _KUSTOMIZATION.fullmatch(path) or (charts.is_part(path, head) and b"backstage.io/" not in head):
        return True
    if name.endswith((".yaml", ".yml", ".json")):
        return _VERSION.search(head) is not None and _OTHERS.search(head) is None and _AUDITED.search(head) is None
    if name.endswith((".sh", ".bash")):
        return b"<<" in head and (b"kubectl" in head or b"apiVersion:" in head)
    return name.endswith(".py") and b"apiVersion:" in head and b"kind:" in head


def summarise(document: Document) -> Summary:
    """What the objects of one document say.

    Raises:
        IngestError: it is a manifest that cannot be parsed.
    """
    name, file = document.name, charts.read(document)
    if name in charts.DESCRIPTIONS and b"kind:" not in document.data[:65536]:
        return Summary(chart=True, file=file)
    if name.endswith(".tpl") or (name == "values.yaml" and not _VERSION.search(document.data[:4096])):
        return Summary(file=file)
    return replace(_summary(document), file=file)


def _summary(document: Document) -> Summary:
    found = holding(document)
    problems = [Problem(document.path, f"L{line}", message, severity, NAME) for line, message, severity in found.problems]
    if found.unnamed:
        told = f"{len(found.unnamed)} of its objects have no name or namespace of their own: something else fills it in; they are not read"
        problems.append(Problem(document.path, f"L{found.unnamed[0]}", told, "warning", NAME))
    problems += [cut for raw in found.objects for cut in _cuts(raw)]
    problems += _unknown(found.objects)
    problems += [_elsewhere(raw, chart) for raw in found.objects for chart in releases.charts_of(raw)]
    read = tuple(_read(raw) for raw in found.objects)
    return Summary(read, found.templates, tuple(problems))


def link(root: str, summaries: Mapping[str, Summary]) -> Iterator[Fact]:
    """The facts of all objects of a root together."""
    filled = charts.fill({path: summary.file for path, summary in summaries.items() if summary.file})
    summaries = {path: _filled(root, path, summary, filled.get(path)) for path, summary in summaries.items()}
    for summary in summaries.values():
        yield from summary.problems
    yield from _untold(summaries, filled)
    yield from Objects(Cluster(root, summaries, NAME)).facts()


def _filled(root: str, path: str, summary: Summary, filled: Filled | None) -> Summary:
    """A template with the objects that it comes to in place of those that it shows; as it is where it could not be filled in."""
    if filled is None or filled.why:
        return summary
    places: dict[str, str] = {}

    def place(value: str) -> str:
        # What is put together from parts is no value that stands anywhere: it is told apart by its place.
        return places.setdefault(value, hashlib.sha256(f"{root}/{path}#{len(places)}".encode()).hexdigest()[:32])

    try:
        made = _summary(Document(root, path, filled.text.encode(), place))
    except IngestError:
        return summary
    lines = filled.lines

    def line(number: int) -> int:
        return lines[min(number, len(lines)) - 1]

    problems = tuple(replace(one, where=f"L{line(int(one.where[1:]))}") for one in made.problems)
    return Summary(tuple(replace(one, line=line(one.line)) for one in made.objects), made.templates, problems, file=summary.file)


def _untold(summaries: Mapping[str, Summary], filled: Mapping[str, Filled]) -> Iterator[Problem]:
    """One warning for each chart whose templates are not read, and for each other file of templates."""
    charts = {str(PurePosixPath(path).parent) for path, summary in summaries.items() if summary.chart}
    counts: dict[str, list[str]] = {}
    for path, summary in sorted(summaries.items()):
        if summary.templates:
            above = next((str(folder) for folder in PurePosixPath(path).parents if str(folder) in charts), None)
            counts.setdefault(above or path.rpartition("/templates/")[0] or str(PurePosixPath(path).parent), []).append(path)
    for paths in counts.values():
        objects = sum(summaries[path].templates for path in paths)
        what = f"{objects} objects in {len(paths)} templates here are not read"
        why = next((filled[path].why for path in paths if path in filled and filled[path].why), "")
        what += f" ({why})" if why else ""
        yield Problem(paths[0], "", f"{what}: scan what `helm template` (or its like) prints", "warning", NAME)


# --------------------------------------------------------------------------------------------------------------------------------
# One object

_Reader = Callable[[Raw], Content]


def _service(raw: Raw) -> Service:
    annotations = raw.mapping("metadata", "annotations")
    labels = raw.mapping("metadata", "labels")
    port = annotations.get("kagent.dev/mcp-service-port")
    declared = port is not None or labels.get("kagent.dev/mcp-service") == "true"
    path = annotations.get("kagent.dev/mcp-service-path")
    stated = str(annotations.get("kagent.dev/mcp-service-protocol") or "").lower()
    number = str(port) if str(port or "").isdigit() else "80"
    rest = path if isinstance(path, str) and re.fullmatch(r"[\w./-]{1,200}", path) else "/mcp"
    return Service(
        pairs_of(raw.mapping("spec").get("selector")),
        f":{number}/{rest.strip('/')}" if declared else "",
        "sse" if stated == "sse" else "http",
    )


_READERS: dict[tuple[str, str], _Reader] = {
    ("", "Secret"): secrets.secret,
    ("", "ConfigMap"): secrets.config_map,
    ("", "Service"): _service,
    ("", "ServiceAccount"): rbac.account,
    ("rbac.authorization.k8s.io", "Role"): rbac.rules,
    ("rbac.authorization.k8s.io", "ClusterRole"): rbac.rules,
    ("rbac.authorization.k8s.io", "RoleBinding"): rbac.binding,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): rbac.binding,
    ("kustomize.config.k8s.io", "Kustomization"): kustomization,
    ("kustomize.config.k8s.io", "Component"): kustomization,
    ("external-secrets.io", "SecretStore"): secrets.vault,
    ("external-secrets.io", "ClusterSecretStore"): secrets.vault,
    ("kagent.dev", "Agent"): kagent.agent,
    ("kagent.dev", "SandboxAgent"): kagent.agent,
    ("kagent.dev", "AgentTemplate"): kagent.template,
    ("kagent.dev", "ModelConfig"): kagent.model,
    ("kagent.dev", "ModelProviderConfig"): kagent.model,
    ("kagent.dev", "Memory"): kagent.memory,
    ("kagent.dev", "ToolServer"): kagent.tool_server,
    ("kagent.dev", "RemoteMCPServer"): kagent.remote_server,
    ("kagent.dev", "MCPServer"): kagent.mcp_server,
    ("toolhive.stacklok.dev", "MCPServer"): kagent.mcp_server,
    ("ark.mckinsey.com", "Agent"): ark.agent,
    ("ark.mckinsey.com", "Team"): ark.team,
    ("ark.mckinsey.com", "Tool"): ark.tool,
    ("ark.mckinsey.com", "Model"): ark.model,
    ("ark.mckinsey.com", "MCPServer"): ark.server,
    ("ark.mckinsey.com", "A2AServer"): ark.server,
    ("ark.mckinsey.com", "Memory"): ark.memory,
}
_KAGENTI = re.compile(r"(?:.*\.)?(?:kagenti|rossoctl)\.(?:dev|io)")
_MAKERS: dict[tuple[str, str], Callable[[Raw], tuple[str, Store]]] = {
    ("bitnami.com", "SealedSecret"): secrets.sealed,
    ("external-secrets.io", "ExternalSecret"): secrets.external,
}


def _read(raw: Raw) -> Read:
    name, kind = raw.name, raw.kind
    content: Content
    made = _MAKERS.get((raw.group, raw.kind))
    if made is not None:
        name, content = made(raw)
        kind = "Secret"
    elif aws_auth.is_map(raw):
        content = aws_auth.logins(raw)
    elif (reader := _READERS.get((raw.group, raw.kind))) is not None:
        content = reader(raw)
    elif _KAGENTI.fullmatch(raw.group) and raw.kind in ("Agent", "AgentRuntime", "Component"):
        content = kagent.runtime_of(raw)
    else:
        content = pod_of(raw)
    meta = raw.mapping("metadata")
    labels = pairs_of(meta.get("labels"))
    annotations = pairs_of(meta.get("annotations"))
    return Read(
        kind=kind,
        group=raw.group,
        namespace=raw.namespace,
        name=name,
        path=raw.document.path,
        line=raw.line("metadata") if raw.pointer else raw.line("kind"),
        content=content,
        labels=labels,
        owner=_controller(meta.get("ownerReferences")),
        live=isinstance(meta.get("uid"), str) or isinstance(meta.get("resourceVersion"), str),
        environment=_environment(dict(labels)) or environment_of(raw.document.path),
        owners=tuple(hide(value) for key, value in (*labels, *annotations) if key.lower() in _OWNER_LABELS and value),
    )


_SERVERS = frozenset({"MCPServer", "RemoteMCPServer", "ToolServer"})
_AGENTS = frozenset({"Agent", "AIAgent", "AgentTeam", "SubAgent"})
_TELLING = re.compile(r"llm\w*|mcp\w*|model\w*|system\w*|instructions?|prompt\w*|(?:sub)?agents?|tool\w*", re.IGNORECASE)
"""Settings by which an agent that asks a model is told from an agent of monitoring or installation."""


def _unknown(objects: list[Raw]) -> Iterator[Problem]:
    """One warning for each kind of agents or servers of a platform that is not known here."""
    found: dict[tuple[str, str], list[Raw]] = {}
    for raw in objects:
        agents = raw.kind in _AGENTS and any(_TELLING.fullmatch(str(name)) for name in raw.mapping("spec"))
        known = (raw.group, raw.kind) in _READERS or _KAGENTI.fullmatch(raw.group)
        if "." in raw.group and (agents or raw.kind in _SERVERS) and not known:
            found.setdefault((raw.group, raw.kind), []).append(raw)
    for (group, kind), some in found.items():
        told = (
            f"{len(some)} of its objects are of the kind {kind} of {hide(group)[:100]}, which is not known here; what they are is not told"
        )
        yield Problem(some[0].document.path, f"L{some[0].line()}", told, "warning", NAME)


def _elsewhere(raw: Raw, chart: str) -> Problem:
    told = f"installs the chart {chart!r}, which is not in this tree; what it runs is not known"
    return Problem(raw.document.path, f"L{raw.line()}", told, "warning", NAME)


_LISTS = {"containers": 100, "initContainers": 100, "imagePullSecrets": 100}
"""The most that is read of a list, where that is less than of others of its object."""


def _cuts(raw: Raw) -> Iterator[Problem]:
    """A warning for each list or mapping of an object of which only the first entries are read. O(size of the object)."""
    known = (raw.group, raw.kind) in _READERS or (raw.group, raw.kind) in _MAKERS or "spec" in raw.value
    most = kagent.MAX_ITEMS if raw.group.endswith(("kagent.dev", "mckinsey.com", "stacklok.dev")) else rbac.MAX_RULES
    waiting: list[tuple[str, object]] = [(key, value) for key, value in raw.value.items() if known and key not in ("metadata", "status")]
    if raw.kind == "CustomResourceDefinition":
        return
    while waiting:
        name, value = waiting.pop()
        if not isinstance(value, (list, dict)):
            continue
        limit = _LISTS.get(name, most)
        if len(value) > limit:
            told = f"{raw.kind} {raw.name} has {len(value)} {hide(name)[:60]}, of which the first {limit} are read"
            yield Problem(raw.document.path, f"L{raw.line()}", told, "warning", NAME)
        parts = ((name, one) for one in value) if isinstance(value, list) else value.items()
        waiting.extend((str(key), one) for key, one in parts if isinstance(one, (list, dict)))


def _environment(labels: Mapping[str, str]) -> str | None:
    for name in _ENVIRONMENT_LABELS:
        found = ENVIRONMENTS.get(labels.get(name, "").lower())
        if found:
            return found
    return None


def _controller(references: object) -> tuple[str, str] | None:
    """(kind, name) of what controls an object: a pod's ReplicaSet, a job's CronJob."""
    for item in references if isinstance(references, list) else ():
        if isinstance(item, dict) and item.get("controller") is True:
            kind, name = item.get("kind"), item.get("name")
            if isinstance(kind, str) and isinstance(name, str) and re.fullmatch(r"[A-Z][A-Za-z0-9]{0,62}", kind):
                return kind, hide(name)
    return None
