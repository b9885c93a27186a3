"""What declarations of AWS resources say, whichever language they are in: identities, grants, runtimes, stores, secrets, agents.

Texts may hold marks for credentials (:mod:`~graphinv.ingest.support.masked`) and for what is not known
(:mod:`~graphinv.ingest.support.partial`); a :class:`Site` turns them into ids and names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.written import document_of, opened
from graphinv.ingest.support.masked import carried, unmasked
from graphinv.ingest.support.partial import Unknown, is_known, named, references, shown, text_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secret_words import words
from graphinv.ingest.support.secrets import is_placeholder, looks_secret_name, redact
from graphinv.ingest.support.tags import owned, tagged
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Problem, Props, source_of

MAX_ID = 1000
MAX_NAME = 200
_KEY_ID = re.compile(r"\bA(?:KIA|SIA)[A-Z2-7]{16}\b")


@dataclass(frozen=True)
class Site:
    """Where something is declared.

    ``place`` names the configuration that it belongs to: what is not known in it is told apart by that.
    """

    root: str
    path: str
    line: int
    place: str
    account: str = ""
    region: str = ""
    partition: str = "aws"
    evidence: str = "declared"
    environment: str | None = None
    ingestor: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return source_of(self.root, self.path, self.line)

    @property
    def stated(self) -> Props:
        """Properties of an edge that is stated here."""
        return {"evidence": [self.evidence], "sources": [self.source]}

    def id(self, text: str) -> str:
        """``text`` as an id."""
        where = f"{self.root}/{self.place}" if self.place else self.root
        return hide(named(unmasked(text), where)[:MAX_ID])

    def name(self, text: str) -> str:
        """``text`` for people."""
        return redact(shown(unmasked(text))[:MAX_NAME]).strip() or "?"

    def node(self, kind: str, node_id: str, name: str, **more: Any) -> NodeFact:
        """A node with its name, tags and place."""
        about = tagged(self.tags)
        if kind != "Resource":
            about = {key: value for key, value in about.items() if key in ("labels", "environment")}
        props: Props = {"environment": self.environment, **about, "name": self.name(name), "sources": [self.source]}
        labels = sorted({*about.get("labels", ()), *more.pop("labels", ())})
        props |= {**more, **({"labels": labels} if labels else {})}
        return NodeFact(kind, node_id, {key: value for key, value in props.items() if value not in (None, "")})

    def edge(self, kind: str, source: NodeKey, target: NodeKey, **more: Any) -> EdgeFact:
        return EdgeFact(kind, source, target, {**self.stated, **more})

    def problem(self, message: str, severity: str = "warning") -> Problem:
        return Problem(self.path, f"L{self.line}", message, severity, self.ingestor)

    def owners(self, *targets: NodeKey) -> Iterator[Fact]:
        yield from owned(self.tags, list(targets), self.stated)

    def arn(self, service: str, resource: str) -> str:
        return arns.make(service, resource, self.root, account=self.account, region=self.region, partition=self.partition)

    def iam(self, kind: str, name: str) -> str:
        """ARN of an IAM entity that is named by its name or by its ARN already."""
        return self.id(name if name.startswith("arn:") else arns.iam(kind, name, self.root, account=self.account, partition=self.partition))


# --------------------------------------------------------------------------------------------------------------------------------
# Identities and policies


def principal(site: Site, kind: str, arn: str, name: str, trust: object = None, boundary: str = "") -> Iterator[Fact]:
    """A role, user or group with its trust policy and its boundary."""
    key: NodeKey = ("Identity", arn)
    yield site.node("Identity", arn, name, type=f"iam_{kind}", provider="aws", binding="platform" if kind == "role" else None)
    yield from site.owners(key)
    if trust is not None:
        yield from grant(site, key, "trust", trust, "")
    if boundary:
        yield from bounded(site, key, boundary)


def bounded(site: Site, subject: NodeKey, policy: str) -> Iterator[Fact]:
    """A permission boundary by its ARN."""
    yield Grant("aws", subject, "boundary", json.dumps(site.id(policy)), site.id(policy), site.source, site.evidence)


def grant(site: Site, subject: NodeKey, role: str, document: object, origin: str) -> Iterator[Fact]:
    """A policy that is written out: a JSON text, or the document itself. A state writes an empty text where there is none."""
    if document == "":
        return
    text, unknown = policy_text(site, document)
    if unknown:
        yield site.problem(
            f"the {_WORDS.get(role, role)} of {short(subject)} names {' and '.join(unknown)} that is not known from this configuration"
        )
    if text is None:
        yield site.problem(f"the {_WORDS.get(role, role)} of {short(subject)} is not known from this configuration")
        return
    if role == "identity" and origin and not origin.startswith("arn:"):
        whence = f"{subject[1]}/{site.id(origin)}"  # written into the identity itself, so that it comes from nobody else
    else:
        whence = site.id(origin) if origin else ""
    yield Grant("aws", subject, role, text, whence, site.source, site.evidence)


_WORDS = {"identity": "policy", "trust": "trust policy", "resource": "resource policy", "policy": "document"}


def attached(site: Site, subject: NodeKey, policy: str) -> Iterator[Fact]:
    """A managed policy by its ARN."""
    if not policy.startswith("arn:"):
        yield site.problem(f"a policy attached to {short(subject)} is not known from this configuration")
        return
    arn = site.id(policy)
    yield Grant("aws", subject, "identity", json.dumps(arn), arn, site.source, site.evidence)


def managed(site: Site, arn: str, name: str, document: object) -> Iterator[Fact]:
    """A managed policy of the account's own."""
    key: NodeKey = ("Resource", arn)
    yield site.node("Resource", arn, name, type="iam_policy")
    yield from grant(site, key, "policy", document, arn)


def short(key: NodeKey) -> str:
    """A node for a message: without the place that its unknown parts belong to."""
    name = re.sub(r"\([^()]*\)", "", key[1].rpartition(":")[2])
    return f"{key[0]} {redact(name[:MAX_NAME])}"


def policy_text(site: Site, document: object) -> tuple[str | None, list[str]]:
    """A policy as JSON text with ids in it, None where it is unknown; and what in it is not known, in words."""
    found = document_of(document)
    if found is None:
        return None, []
    unknown = opened(found, site.arn)
    where = f"{site.root}/{site.place}" if site.place else site.root
    return named(json.dumps(found, separators=(",", ":"), ensure_ascii=False), where), unknown


# --------------------------------------------------------------------------------------------------------------------------------
# Runtimes, stores, secrets


def workload(
    site: Site, kind: str, arn: str, name: str, *, role: str = "", variables: Mapping[str, object] | None = None, **more: Any
) -> Iterator[Fact]:
    """Something that runs: a Runtime, and the same as a Resource, since it can be changed and started; its role; what its variables hold.

    ``role`` is a role's name or ARN.
    """
    key: NodeKey = ("Runtime", arn)
    yield site.node("Runtime", arn, name, type=kind, **more)
    yield site.node("Resource", arn, name, type=kind)
    yield from site.owners(key, ("Resource", arn))
    if role:
        yield from acts_as(site, key, role)
    yield from held(site, key, variables or {})


def acts_as(site: Site, key: NodeKey, role: str) -> Iterator[Fact]:
    """(key)-[:RUNS_AS]->(role)"""
    if not known_role(role):
        yield site.problem(f"the role of {short(key)} is not known from this configuration")
        return
    identity: NodeKey = ("Identity", site.iam("role", role))
    yield site.edge("RUNS_AS", key, identity)


def known_role(role: str) -> bool:
    """Whether a text can be the name or ARN of a role: more than a reference that nothing answers."""
    return bool(role) and (is_known(role) or role.startswith("arn:") or shown(role)[:1] != "$" or "aws_iam_role" in role)


def store(site: Site, arn: str, kind: str, name: str, **more: Any) -> Iterator[Fact]:
    """Something that holds or moves data."""
    yield site.node("Resource", arn, name, type=kind, **more)
    yield from site.owners(("Resource", arn))


def secret(site: Site, arn: str, kind: str, name: str, value: object = None, **more: Any) -> Iterator[Fact]:
    """A secret that AWS keeps. Where its value stands in the configuration its fingerprint is known."""
    inside = carried(value) if isinstance(value, str) else []
    if len(inside) == 1:
        more["fingerprint"] = inside[0][1].removeprefix("secret:")
    yield site.node("Secret", arn, name, type=kind, lifetime="static", **more)
    yield from site.owners(("Secret", arn))


def held(site: Site, holder: NodeKey, variables: Mapping[str, object], place: str = "env") -> Iterator[Fact]:
    """(holder)-[:HOLDS]->(:Secret) for each credential among ``variables``, those that something else fills in included."""
    identities: set[str] = set()
    keys: list[NodeKey] = []
    for name, value in variables.items():
        text = value if isinstance(value, str) else text_of(value) if isinstance(value, Unknown) else ""
        found = {one for one in _KEY_ID.findall(unmasked(text)) if not is_placeholder(one)}
        for key in dict.fromkeys(carried(text)):
            if found or {"secret", "key"} <= set(words(name)):
                keys.append(key)
            yield site.edge("HOLDS", holder, key, place=place)
        for key_id in sorted(found):
            identities.add(key_id)
            yield from access_key(site, key_id)
            yield site.edge("HOLDS", holder, arns.access_key(key_id), place=place)
        for key in resolved(site, text):
            yield site.edge("HOLDS", holder, key, place="vault")
        for reference in references(text):
            if looks_secret_name(name) or gives_secret(reference):
                key = referenced(site, reference)
                yield NodeFact(*key, {"name": reference[:MAX_NAME], "sources": [site.source]})
                yield site.edge("HOLDS", holder, key, place=place)
    if len(identities) == 1 and len(keys) == 1:  # an id and a key beside it are a pair
        yield site.edge("AUTHENTICATES_AS", keys[0], arns.access_key_user(next(iter(identities))))


_DYNAMIC = re.compile(
    r"\{\{resolve:(secretsmanager|ssm-secure):([^{}\s]{1,2000}?)(?::SecretString\b[^{}]*|:SecretBinary\b[^{}]*|:[0-9]{1,9})?\}\}"
)


def resolved(site: Site, text: str) -> list[NodeKey]:
    """Secrets that dynamic references of CloudFormation (``{{resolve:secretsmanager:…}}``) in ``text`` fill in."""
    found: list[NodeKey] = []
    for match in _DYNAMIC.finditer(text):
        name = match[2].rstrip(":")
        if not name.startswith("arn:"):
            name = (
                site.arn("secretsmanager", f"secret:{name}")
                if match[1] == "secretsmanager"
                else site.arn("ssm", f"parameter/{name.lstrip('/')}")
            )
        found.append(("Secret", site.id(name)))
    return found


_SECRET_REFERENCE = re.compile(
    r"(?:^|[.])(?:aws_iam_access_key[.][\w-]+.*[.](?:secret|ses_smtp_password_v4)|random_password[.].*[.](?:result|bcrypt_hash)"
    r"|aws_secretsmanager_secret_version[.].*[.]secret_string|aws_ssm_parameter[.].*[.]value|tls_private_key[.].*private_key_\w+"
    r"|google_service_account_key[.].*private_key|[\w-]+[.]SecretAccessKey$)"
)


def gives_secret(reference: str) -> bool:
    """Whether a reference to something that is not known yet is one to a credential."""
    return _SECRET_REFERENCE.search(reference) is not None


def referenced(site: Site, reference: str) -> NodeKey:
    """The Secret that a reference means: the same for all that refer to it in this configuration."""
    return made(site, reference.rpartition(".")[0] if gives_secret(reference) else reference)


def made(site: Site, address: str) -> NodeKey:
    """The Secret that the resource at ``address`` makes once it is applied."""
    return "Secret", site.id(f"{site.ingestor}:{text_of(Unknown(address))}")


def access_key(site: Site, key_id: str, user: str = "") -> Iterator[Fact]:
    """An access key by its id, and whose it is: ``user`` is an ARN, unknown where it is empty."""
    key, stand_in = arns.access_key(key_id), arns.access_key_user(key_id)
    account = arns.key_account(key_id)
    labels = [f"aws_account={account}"] if account else None
    lifetime = "ephemeral" if key_id.startswith("ASIA") else "static"
    props: Props = {"name": key_id, "type": "aws_access_key", "lifetime": lifetime, "labels": labels, "sources": [site.source]}
    yield NodeFact(*key, {name: value for name, value in props.items() if value})
    yield NodeFact(*stand_in, {"name": f"user of {key_id}", "type": "iam_user", "provider": "aws", "sources": [site.source]})
    yield site.edge("AUTHENTICATES_AS", key, stand_in)
    if user:
        yield site.edge("ASSUMES", stand_in, ("Identity", user))


# --------------------------------------------------------------------------------------------------------------------------------
# Agents


def model(site: Site, user: NodeKey, name: str) -> Iterator[Fact]:
    """(user)-[:USES_MODEL]->(:Model)"""
    if name and is_known(name):
        called = site.name(name.rpartition("/")[2])
        yield NodeFact("Model", called, {"name": called, "sources": [site.source]})
        yield site.edge("USES_MODEL", user, ("Model", called))


def agent(site: Site, arn: str, name: str, *, framework: str, role: str = "", model_name: str = "", **more: Any) -> Iterator[Fact]:
    """An agent that AWS runs."""
    key: NodeKey = ("Agent", arn)
    yield site.node("Agent", arn, name, framework=framework, status="active", **more)
    yield from site.owners(key)
    if role:
        yield from acts_as(site, key, role)
    yield from model(site, key, model_name)


def tool_group(
    site: Site,
    users: Iterable[NodeKey],
    group_id: str,
    name: str,
    *,
    tools: Mapping[str, str],
    function: str = "",
    detail: str = "",
    **more: Any,
) -> Iterator[Fact]:
    """Tools that belong together and what carries them out: a ToolServer, which runs on the function with the ARN ``function``.

    ``tools`` are names with their ids; where none is told the group is one tool of its own name.
    """
    key: NodeKey = ("ToolServer", group_id)
    yield site.node("ToolServer", group_id, name, origin="internal", kind_detail=detail or None, **more)
    for user in users:
        yield site.edge("CONNECTS_TO", user, key)
    if function:
        yield site.edge("RUNS_ON", key, ("Runtime", arns.canonical(site.id(function))))
    for tool, tool_id in (tools or {name: f"{group_id}/{name}"}).items():
        yield site.node("Tool", site.id(tool_id), tool, kind_detail=detail or None)
        yield site.edge("PROVIDES", key, ("Tool", site.id(tool_id)))
