"""The vocabulary: every node kind, edge kind and property of the graph, declared once.

The facts format's JSON Schema, the stores' DDL and the vocabulary table of the documentation are all made from these classes
(:mod:`graphinv.model.schema`). A property that no source stated is absent (``None``), never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# --------------------------------------------------------------------------------------------------------------------------------
# Value types


def normal_time(value: object) -> object:
    """ISO 8601 text (or a datetime) as UTC text ``YYYY-MM-DDTHH:MM:SSZ``; a date alone is its midnight, no zone means UTC.

    What is under a second is left out: rules in Cypher compare times as texts, in which a fraction would come before its whole second.

    >>> normal_time("2026-07-10T02:00:00.75+02:00")
    '2026-07-10T00:00:00Z'
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("is not an ISO 8601 time such as 2026-07-10T00:00:00Z") from None
    if not isinstance(value, datetime):
        return value
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 in UTC") from None
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def _unique_sorted(value: object) -> object:
    """A list that stands for a set, in one order, so that equal sets are equal lists."""
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return sorted(set(value))
    return value


Time = Annotated[str, BeforeValidator(normal_time)]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A whole number that every store can keep."""
StrSet = Annotated[list[str], BeforeValidator(_unique_sorted)]

Environment = Literal["dev", "test", "staging", "prod", "unknown"]
Sensitivity = Literal["public", "internal", "confidential", "restricted", "unknown"]
Action = Literal["read", "write", "execute", "delete", "admin"]
Effect = Literal["read", "write", "destructive", "irreversible", "execute", "egress"]
Evidence = Literal["declared", "granted", "observed", "inferred"]
Place = Literal["vault", "config", "repo", "env", "prompt", "tool_definition", "memory", "log", "laptop"]
Mode = Literal["invoke", "handoff", "scoped", "on_behalf_of", "passthrough"]

ACTIONS: tuple[str, ...] = get_args(Action)

ActionSet = Annotated[list[Action], BeforeValidator(_unique_sorted)]
EffectSet = Annotated[list[Effect], BeforeValidator(_unique_sorted)]
EvidenceSet = Annotated[list[Evidence], BeforeValidator(_unique_sorted)]


def prop(description: str, *, worst: tuple[object, ...] = (), **kwargs: Any) -> Any:
    """A property. ``worst`` orders its values from the one to assume first when two sources disagree to the one to assume last."""
    extra: dict[str, Any] | None = {"worst": list(worst)} if worst else None
    return Field(default=None, description=description, json_schema_extra=extra, **kwargs)


# --------------------------------------------------------------------------------------------------------------------------------
# Nodes


class Node(BaseModel):
    """What every node has. ``id`` is stable and unique within its kind."""

    model_config = ConfigDict(extra="forbid", strict=True)
    label: ClassVar[str] = ""

    name: str | None = prop("What its author calls it; the id where nothing better is known")
    kind_detail: str | None = prop("Free text such as `claude-code` or `iam-role`")
    environment: Environment | None = prop("Where it is used", worst=("prod", "staging", "test", "dev", "unknown"))
    labels: StrSet | None = prop("Labels, each `key=value`")
    status: str | None = prop(
        "State of its life cycle; `unknown` on a placeholder",
        worst=("active", "unknown", "proposed", "suspended", "retired"),
    )
    first_seen: Time | None = prop("When a source first stated it")
    last_seen: Time | None = prop("When a source last stated it, once it is no longer stated")
    gone_at: Time | None = prop("When a complete re-scan of its root no longer found it; absent while it lives")
    sources: StrSet | None = prop("Where it was stated, each `document#where`")


class Agent(Node):
    """An AI agent, sub-agents and the host applications of agents included."""

    label = "Agent"
    status: Literal["proposed", "active", "suspended", "retired", "unknown"] | None = prop(
        "State of its life cycle", worst=("active", "unknown", "proposed", "suspended", "retired")
    )
    status_since: Time | None = prop("Since when it has had its status")
    autonomy: Literal["suggest", "approve_each", "approve_destructive", "autonomous"] | None = prop(
        "How much it does without asking",
        worst=("autonomous", "approve_destructive", "approve_each", "suggest"),
    )
    framework: str | None = prop("What it is built with or runs in")
    version: str | None = prop("Its version")
    review_due: Time | None = prop("When its next access review is due")


class Owner(Node):
    """A person or team that is accountable."""

    label = "Owner"
    type: Literal["person", "team"] | None = prop("Person or team")
    status: Literal["active", "left", "disabled", "unknown"] | None = prop(
        "Whether there is still somebody", worst=("left", "disabled", "unknown", "active")
    )
    status_since: Time | None = prop("Since when it has had its status")
    email: str | None = prop("E-mail address")


class Identity(Node):
    """A workload or human identity: role, service account, service principal, OAuth client, SPIFFE ID, group."""

    label = "Identity"
    type: str | None = prop("`iam_role`, `service_account`, `oauth_client`, `spiffe`, `human`, `group` …")
    provider: str | None = prop("Who issues it, such as `aws` or `github`")
    binding: Literal["attested", "federated", "platform", "bearer", "none"] | None = prop(
        "How it is bound to the runtime",
        worst=("none", "bearer", "platform", "federated", "attested"),
    )
    trust_domain: str | None = prop("SPIFFE trust domain or tenant")


class Runtime(Node):
    """Where something runs: pod, VM, function, container, laptop, CI job, SaaS."""

    label = "Runtime"
    type: str | None = prop("`pod`, `vm`, `function`, `container`, `laptop`, `ci_job`, `saas` …")
    sandboxed: bool | None = prop("Whether code in it is kept from its surroundings", worst=(False, True))


class Secret(Node):
    """An API key, token, password, certificate or key. Never its value."""

    label = "Secret"
    type: str | None = prop("What it is, such as `github_token`")
    lifetime: Literal["static", "ephemeral"] | None = prop("Long-lived or short-lived", worst=("static", "ephemeral"))
    fingerprint: str | None = prop("Keyed digest of the value (HMAC-SHA256)")
    issued_at: Time | None = prop("When it was issued")
    expires_at: Time | None = prop("When it expires")
    ttl_seconds: Count | None = prop("Life of one issue, in seconds; with `issued_at` it tells `expires_at` where nobody does")
    renewable: bool | None = prop("Whether it can be renewed", worst=(True, False))
    max_life_seconds: Count | None = prop("Life at most, renewals included, in seconds")
    rotated_at: Time | None = prop("When its value last changed")
    rotate_every_days: Count | None = prop("How often it should be rotated, in days")
    last_used: Time | None = prop("When it was last used")
    audience: StrSet | None = prop("Who it is for")
    scopes: StrSet | None = prop("Scopes at its issuer, in the issuer's words")
    revocation_hook: bool | None = prop("Whether it can be revoked by a call that is known", worst=(False, True))


class Tool(Node):
    """Something callable."""

    label = "Tool"
    effects: EffectSet | None = prop("What a call can do")
    ingests_untrusted: bool | None = prop("Whether its result carries content of strangers", worst=(True, False))
    schema_digest: str | None = prop("Digest of its definition as it is")
    approved_digest: str | None = prop("Digest of its definition as it was approved")
    hints: StrSet | None = prop("Hints its server gives about it, each `name=true|false`")


class ToolServer(Node):
    """An MCP server, gateway or other provider of tools."""

    label = "ToolServer"
    protocol: str | None = prop("`mcp`, `a2a`, `openapi` …")
    transport: str | None = prop("`stdio`, `http`, `sse` …")
    origin: Literal["internal", "third_party", "registry", "unknown"] | None = prop(
        "Who makes it", worst=("third_party", "registry", "internal", "unknown")
    )
    package: str | None = prop("What it is started from, as purl")
    version: str | None = prop("Version that is asked for")
    pinned: bool | None = prop("Whether exactly one version can be started", worst=(False, True))
    auth: Literal["none", "key", "oauth"] | None = prop("How callers prove who they are", worst=("none", "key", "oauth"))
    url: str | None = prop("Where it is, without user, password and query")


class Resource(Node):
    """Anything that can be acted on."""

    label = "Resource"
    type: str | None = prop("`database`, `bucket`, `repository`, `account` …")
    sensitivity: Sensitivity | None = prop(
        "Harm if it were read or changed",
        worst=("restricted", "confidential", "internal", "public", "unknown"),
    )
    crown_jewel: bool | None = prop("Whether the organisation lives by it", worst=(True, False))
    external: bool | None = prop("Whether it lies outside the organisation", worst=(True, False))
    tenant: str | None = prop("Tenant or customer it belongs to")


class Workflow(Node):
    """An n8n, Dify, CI or other flow, or one of its steps."""

    label = "Workflow"
    status: Literal["proposed", "active", "suspended", "retired", "unknown"] | None = prop(
        "State of its life cycle", worst=("active", "unknown", "proposed", "suspended", "retired")
    )
    status_since: Time | None = prop("Since when it has had its status")
    type: str | None = prop("`n8n`, `dify`, `ci`, `step` …")
    third_party: bool | None = prop("Whether another organisation runs it", worst=(True, False))
    vendor: str | None = prop("Which one")


ANY_AGENT = "any-agent"
"""``kind_detail`` of a workflow that is none: it stands for all agents that one may ask, where they are many. It is no flow on the way."""


class ContentSource(Node):
    """Where content comes from: web, mail, tickets, repository, user."""

    label = "ContentSource"
    trust: Literal["trusted", "untrusted"] | None = prop("Whether strangers can write there", worst=("untrusted", "trusted"))


class Memory(Node):
    """A store shared across turns, sessions or agents."""

    label = "Memory"
    scope: Literal["session", "user", "tenant", "global"] | None = prop(
        "How far it is shared", worst=("global", "tenant", "user", "session")
    )


class EnforcementPoint(Node):
    """A runtime authorization control (PEP)."""

    label = "EnforcementPoint"
    mode: Literal["enforce", "monitor", "off"] | None = prop("Whether its decisions bind", worst=("off", "monitor", "enforce"))
    effect: Literal["deny", "step_up", "evaluate"] | None = prop("What it decides", worst=("evaluate", "step_up", "deny"))
    allows: StrSet | None = prop("What `evaluate` lets through, as scope patterns")
    fail: Literal["closed", "open"] | None = prop("What happens when it cannot be asked", worst=("open", "closed"))
    distinguishes: Literal["agent", "identity", "none"] | None = prop("What it can tell apart", worst=("none", "identity", "agent"))
    last_heartbeat: Time | None = prop("When it last said that it works")


class Task(Node):
    """A unit of work that authorises access."""

    label = "Task"
    opened_at: Time | None = prop("When it was opened")
    closes_at: Time | None = prop("When it is to be closed")
    closed_at: Time | None = prop("When it was closed")


class Model(Node):
    """A model that something runs on."""

    label = "Model"
    purl: str | None = prop("Package URL")
    version: str | None = prop("Version")
    eol_at: Time | None = prop("End of its support")
    latest: str | None = prop("Newest version known")
    vulnerabilities: StrSet | None = prop("Ids of known vulnerabilities")


class Package(Model):
    """A package that something depends on."""

    label = "Package"
    published_at: Time | None = prop("When its version was published")


# --------------------------------------------------------------------------------------------------------------------------------
# Edges


class Edge(BaseModel):
    """What every edge has."""

    model_config = ConfigDict(extra="forbid", strict=True)
    label: ClassVar[str] = ""
    ends: ClassVar[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = ()
    moves_authority: ClassVar[bool] = False

    evidence: EvidenceSet | None = prop("How it is known")
    confidence: float | None = prop("How sure that is, 0 to 1", ge=0, le=1)
    valid_from: Time | None = prop("From when it holds; absent = always has")
    valid_until: Time | None = prop("Until when it holds; absent = open")
    first_seen: Time | None = prop("When a source first stated it")
    last_seen: Time | None = prop("When a source last stated it, once it is no longer stated")
    gone_at: Time | None = prop("When a complete re-scan of its root no longer found it; absent while it lives")
    count: Count | None = prop("How often it was observed")
    sources: StrSet | None = prop("Where it was stated, each `document#where`")


class AuthorityEdge(Edge):
    """An edge along which authority moves."""

    moves_authority = True
    guards: StrSet | None = prop("Ids of the EnforcementPoints on it")
    scopes: StrSet | None = prop("What may pass, each `action:glob`; absent = everything")
    renewable: bool | None = prop("Whether it lives on past `valid_until`", worst=(True, False))


ANY: tuple[str, ...] = ("*",)
_ACTORS = ("Agent", "Workflow")


class Owns(Edge):
    """(:Owner)-[:OWNS]->(anything)"""

    label = "OWNS"
    ends = ((("Owner",), ANY),)


class RunsAs(AuthorityEdge):
    """(:Agent|ToolServer|Tool|Workflow|Runtime)-[:RUNS_AS]->(:Identity)"""

    label = "RUNS_AS"
    ends = ((("Agent", "ToolServer", "Tool", "Workflow", "Runtime"), ("Identity",)),)


class RunsOn(AuthorityEdge):
    """(:Agent|ToolServer|Workflow)-[:RUNS_ON]->(:Runtime)"""

    label = "RUNS_ON"
    ends = ((("Agent", "ToolServer", "Workflow"), ("Runtime",)),)
    isolated: bool | None = prop("Whether it cannot use what the runtime has")


class Holds(AuthorityEdge):
    """(:Agent|ToolServer|Tool|Workflow|Runtime|Memory)-[:HOLDS]->(:Secret)"""

    label = "HOLDS"
    ends = ((("Agent", "ToolServer", "Tool", "Workflow", "Runtime", "Memory"), ("Secret",)),)
    place: Place | None = prop(
        "Where it lies",
        worst=(
            "prompt",
            "tool_definition",
            "repo",
            "log",
            "memory",
            "laptop",
            "config",
            "env",
            "vault",
        ),
    )


class AuthenticatesAs(AuthorityEdge):
    """(:Secret)-[:AUTHENTICATES_AS]->(:Identity)"""

    label = "AUTHENTICATES_AS"
    ends = ((("Secret",), ("Identity",)),)


class DerivedFrom(Edge):
    """(:Secret)-[:DERIVED_FROM]->(:Secret)"""

    label = "DERIVED_FROM"
    ends = ((("Secret",), ("Secret",)),)
    via: Literal["refresh", "renew", "exchange", "assume"] | None = prop("How it was derived")


class IssuedFor(Edge):
    """(:Secret)-[:ISSUED_FOR]->(:Task)"""

    label = "ISSUED_FOR"
    ends = ((("Secret",), ("Task",)),)


class RunsTask(Edge):
    """(:Agent)-[:RUNS_TASK]->(:Task)"""

    label = "RUNS_TASK"
    ends = ((("Agent",), ("Task",)),)


class Assumes(AuthorityEdge):
    """(:Identity)-[:ASSUMES]->(:Identity)"""

    label = "ASSUMES"
    ends = ((("Identity",), ("Identity",)),)
    condition: str | None = prop("Condition of the grant, as its source states it")
    kind_detail: str | None = prop("By what means, such as `trust` or `iam:PassRole + lambda:CreateFunction`")


class MemberOf(AuthorityEdge):
    """(:Identity)-[:MEMBER_OF]->(:Identity)"""

    label = "MEMBER_OF"
    ends = ((("Identity",), ("Identity",)),)


class CanAccess(AuthorityEdge):
    """(:Identity|Tool)-[:CAN_ACCESS]->(:Resource|Secret)"""

    label = "CAN_ACCESS"
    ends = ((("Identity", "Tool"), ("Resource", "Secret")),)
    actions: ActionSet | None = prop("What may be done; `admin` grants all five")
    condition: str | None = prop("Condition of the grant, as its source states it")
    last_used: Time | None = prop("When the grant was last used")
    inherited_from: str | None = prop("Id of the role, group or blueprint it comes from")


class ApprovedEdge(AuthorityEdge):
    """An edge that somebody may approve."""

    approved: bool | None = prop("Whether somebody approved it", worst=(False, True))
    approved_by: str | None = prop("Who")
    approved_until: Time | None = prop("Until when")
    approval: str | None = prop("How: `exact`, `scope`, `change`, `recurring`, or `client`, which only its own client's settings give")
    approved_digests: StrSet | None = prop("Digests or versions that the approval is for; absent = whatever it is")
    approved_environment: Environment | None = prop("The only environment that the approval is for; absent = any")
    approved_sensitivity: Sensitivity | None = prop("The most sensitive data that the approval is for; absent = any")


class Uses(ApprovedEdge):
    """(:Agent|Workflow)-[:USES]->(:Tool)"""

    label = "USES"
    ends = ((_ACTORS, ("Tool",)),)


class ConnectsTo(ApprovedEdge):
    """(:Agent|Workflow)-[:CONNECTS_TO]->(:ToolServer)"""

    label = "CONNECTS_TO"
    ends = ((_ACTORS, ("ToolServer",)),)
    tools: StrSet | None = prop("Names or ids of the only tools it may call; absent = all")


class Provides(AuthorityEdge):
    """(:ToolServer)-[:PROVIDES]->(:Tool)"""

    label = "PROVIDES"
    ends = ((("ToolServer",), ("Tool",)),)


class DelegatesTo(AuthorityEdge):
    """(:Agent|Workflow)-[:DELEGATES_TO]->(:Agent|Workflow)"""

    label = "DELEGATES_TO"
    ends = ((_ACTORS, _ACTORS),)
    mode: Mode | None = prop("How the callee acts; with `on_behalf_of` and `passthrough` also with its caller's authority")
    transient: bool | None = prop("Whether it exists only while a call runs", worst=(True, False))
    max_depth: Count | None = prop("How many hops further it may be passed on")
    kind_detail: str | None = prop("The mechanism, such as `handoff` or `agent_tool`")


class CallsBack(AuthorityEdge):
    """(:Tool|ToolServer)-[:CALLS_BACK]->(:Agent)"""

    label = "CALLS_BACK"
    ends = ((("Tool", "ToolServer"), ("Agent",)),)


class Ingests(Edge):
    """(:Agent|Tool|Workflow)-[:INGESTS]->(:ContentSource)"""

    label = "INGESTS"
    ends = ((("Agent", "Tool", "Workflow"), ("ContentSource",)),)


class Reads(Edge):
    """(:Agent|Workflow)-[:READS]->(:Memory)"""

    label = "READS"
    ends = ((_ACTORS, ("Memory",)),)


class Writes(Edge):
    """(:Agent|Workflow)-[:WRITES]->(:Memory)"""

    label = "WRITES"
    ends = ((_ACTORS, ("Memory",)),)


class UsesModel(Edge):
    """(:Agent|Workflow|Tool|ToolServer)-[:USES_MODEL]->(:Model)"""

    label = "USES_MODEL"
    ends = ((("Agent", "Workflow", "Tool", "ToolServer"), ("Model",)),)


class DependsOn(Edge):
    """(:Agent|Workflow|Tool|ToolServer|Runtime)-[:DEPENDS_ON]->(:Package)"""

    label = "DEPENDS_ON"
    ends = ((("Agent", "Workflow", "Tool", "ToolServer", "Runtime"), ("Package",)),)


NODE_KINDS: Mapping[str, type[Node]] = {
    kind.label: kind
    for kind in (
        Agent,
        Owner,
        Identity,
        Runtime,
        Secret,
        Tool,
        ToolServer,
        Resource,
        Workflow,
        ContentSource,
        Memory,
        EnforcementPoint,
        Task,
        Model,
        Package,
    )
}
EDGE_KINDS: Mapping[str, type[Edge]] = {
    kind.label: kind
    for kind in (
        Owns,
        RunsAs,
        RunsOn,
        Holds,
        AuthenticatesAs,
        DerivedFrom,
        IssuedFor,
        RunsTask,
        Assumes,
        MemberOf,
        CanAccess,
        Uses,
        ConnectsTo,
        Provides,
        DelegatesTo,
        CallsBack,
        Ingests,
        Reads,
        Writes,
        UsesModel,
        DependsOn,
    )
}

DECIDES_AUTHORITY: tuple[str, ...] = (
    "scopes",
    "guards",
    "mode",
    "actions",
    "condition",
    "valid_from",
    "valid_until",
    "renewable",
    "isolated",
    "tools",
)
"""Properties in which two edges of one kind between the same ends must differ to stay two."""


def ends_fit(kind: str, source: str, target: str) -> bool:
    """Whether an edge of ``kind`` may run from a ``source`` node to a ``target`` node."""
    return any(source in starts and (stops == ANY or target in stops) for starts, stops in EDGE_KINDS[kind].ends)
