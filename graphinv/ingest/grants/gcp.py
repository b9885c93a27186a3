"""Google Cloud's allow policies.

Grants of ``provider`` ``gcp``; ``body`` is JSON:

    role      subject                          body
    binding   ("Resource", full name)          {"role": "roles/…", "members": ["user:…", …], "condition": expression (optional)}
    role      ("Resource", "projects/p/roles/r")  ["storage.objects.get", …]: the permissions of a custom role
    parent    ("Resource", full name)          full name of the project, folder or organisation that it lies in
    alias     ("Resource", full name)          full name that the same project is known by everywhere else (number → id)

Full names are those of :mod:`graphinv.ingest.support.gcp.names`. A role on a project, folder or organisation holds for all that lies in it:
each resource that is known; the scope itself where the role covers most services; else ``//serviceusage.googleapis.com/…/services/…`` for
each service it covers. Deny policies and principal access boundaries are not evaluated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from graphinv.ingest.grants import Known
from graphinv.ingest.support.federation import github, workloads
from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.gcp.permissions import ACT_AS, DEPLOYS, GRANTS_ITSELF, IMPERSONATES, LETTERS, Role, predefined, summary
from graphinv.ingest.support.granted import body_of, granted_props, problem_of, sources_of, unread
from graphinv.ingest.support.reach import access, gathered
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "gcp"
BROAD = 40
"""Services from which on a role is one for the whole scope."""
_BASIC = {"projectOwner": "roles/owner", "projectEditor": "roles/editor", "projectViewer": "roles/viewer"}
_PREFIXES = {"sqladmin": "cloudsql", "cloudresourcemanager": "resourcemanager", "firestore": "datastore"}
"""Service in a resource's name → service in the names of permissions, where they differ."""
_UNTIL = re.compile(r"""\s*request\.time\s*<=?\s*timestamp\(\s*["']([0-9TZ:.+-]{10,35})["']\s*\)\s*""")
_NOT_TOLD: Props = {"evidence": ["inferred"], "confidence": 0.5}


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges and scope nodes; O(resources · depth + bindings · (members + what lies in their scope))."""
    yield from _Policies(grants, known).facts()


@dataclass(frozen=True, slots=True)
class _Binding:
    resource: str
    role: str
    members: tuple[str, ...]
    condition: str
    grant: Grant


@dataclass
class _Policies:
    grants: Sequence[Grant]
    known: Known
    bindings: list[_Binding] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    broken: list[Grant] = field(default_factory=list)

    def __post_init__(self) -> None:
        bodies = [(grant, body_of(grant)) for grant in self.grants]
        self.aliases = {grant.subject[1]: body for grant, body in bodies if grant.role == "alias" and isinstance(body, str)}
        for grant, body in bodies:
            subject = grant.subject[1]
            if grant.role == "parent" and isinstance(body, str):
                self.parents.setdefault(self.canonical(subject), self.canonical(body))
            elif grant.role == "role" and isinstance(body, list):
                self.roles[subject] = summary(one for one in body if isinstance(one, str))
            elif grant.role == "binding" and isinstance(body, dict) and isinstance(body.get("members"), list):
                members = tuple(dict.fromkeys(one for one in body["members"] if isinstance(one, str)))
                condition = body.get("condition")
                role, stated = str(body.get("role") or ""), condition if isinstance(condition, str) else ""
                self.bindings.append(_Binding(self.canonical(subject), role, members, stated, grant))
            elif grant.role != "alias":
                self.broken.append(grant)

    def canonical(self, resource: str) -> str:
        """A resource by the name that everything else has for it."""
        return self.aliases.get(resource, resource)

    # ---- what lies where ----------------------------------------------------------------------------------------------------

    def chain(self, resource: str) -> list[str]:
        """``resource`` and the scopes around it, from the inside."""
        found = [resource]
        while len(found) < 30:
            inner = found[-1]
            project = names.project_of(inner) if not _is_scope(inner) else ""
            outer = self.parents.get(inner) or (self.canonical(names.PROJECTS + project) if project else "")
            if not outer or outer in found:
                break
            found.append(outer)
        return found

    @cached_property
    def inside(self) -> dict[str, list[NodeKey]]:
        """Scope → what is known to lie in it."""
        found: dict[str, list[NodeKey]] = defaultdict(list)
        for kind in ("Resource", "Secret"):
            for name in self.known.ids(kind, prefix="//"):
                if not _is_scope(name):
                    for scope in self.chain(name)[1:]:
                        found[scope].append((kind, name))
        return found

    @cached_property
    def accounts(self) -> dict[str, list[NodeKey]]:
        """Scope → service accounts that are known to belong to it."""
        found: dict[str, list[NodeKey]] = defaultdict(list)
        seen = {one for one in self.known.ids("Identity", prefix="gcp:") if names.is_account(one.removeprefix("gcp:"))}
        for binding in self.bindings:
            seen |= {one.key[1] for text in binding.members if (one := names.member(text)) and text.startswith("serviceAccount:")}
        for account in sorted(seen):
            project = names.project_of_account(account.removeprefix("gcp:"))
            if project and not project.endswith("]"):
                for scope in self.chain(self.canonical(names.PROJECTS + project)):
                    found[scope].append(("Identity", account))
        return found

    # ---- roles --------------------------------------------------------------------------------------------------------------

    def role(self, name: str) -> Role | None:
        return self.roles.get(name) or predefined(name)

    @cached_property
    def deployers(self) -> dict[str, set[str]]:
        """Member → scopes in which it can start something of its own."""
        found: dict[str, set[str]] = defaultdict(set)
        for binding in self.bindings:
            role = self.role(binding.role)
            if role and role.kept & DEPLOYS:
                for member in binding.members:
                    found[member].add(binding.resource)
        return found

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        for grant in self.broken:
            yield unread(grant)
        unknown: set[str] = set()
        told: set[str] = set()
        for binding in self.bindings:
            yield from self.binding(binding)
            role = binding.role
            if self.role(role) is None and role not in unknown:
                unknown.add(role)
                message = f"what the role {role} allows is not known; read and write are assumed"
                yield problem_of(binding.grant, message, "warning")
            for text in binding.members:
                if text not in told:
                    told.add(text)
                    yield from self.comes_in(text, binding)
        yield from self.domains()

    def binding(self, binding: _Binding) -> Iterator[NodeFact | EdgeFact | Problem]:
        role = self.role(binding.role)
        props = _stated(binding)
        if role is None:
            props |= _NOT_TOLD
        members = {text: member for text in self.members(binding) if (member := names.member(text))}
        sources = sources_of(binding.grant)
        for member in members.values():
            yield NodeFact(*member.key, {**member.props, "sources": sources})
        principals = list(dict.fromkeys(member.key for member in members.values()))
        targets = self.targets(binding.resource, binding.role, role)
        yield from self.scopes(targets, sources)
        title = f"{binding.role.rpartition('/')[2]} on {binding.resource.rpartition('/')[2]}"
        id = f"gcp:{binding.resource}#{binding.role}" + (f"?{binding.condition}" if binding.condition else "")
        group = NodeFact("Identity", id, {"name": title, "type": "role_binding", "provider": "gcp", "sources": sources})
        accounts = self.actable(binding.resource, role)
        surely = role is not None and bool(role.kept & (IMPERSONATES | DEPLOYS))
        holders, drawn = gathered(principals, len(targets) + len(accounts) * surely, props, group)
        yield from drawn
        yield from access(holders, targets, props)
        stated = {name: value for name, value in props.items() if name in ("evidence", "sources", "valid_until", "condition")}
        stated["kind_detail"] = " + ".join(sorted(role.kept & (IMPERSONATES | {ACT_AS}))) if role else None
        for account in accounts:
            if surely:
                yield from (EdgeFact("ASSUMES", holder, account, stated) for holder in holders if holder != account)
            else:
                yield from self.attaches(members, account, stated)

    def members(self, binding: _Binding) -> Iterator[str]:
        """Members, with those that hold a basic role on a project in place of ``projectOwner:`` and its like."""
        for text in binding.members:
            kind, _, project = text.partition(":")
            if kind in _BASIC:
                yield from self.basic.get((self.canonical(names.PROJECTS + project), _BASIC[kind]), ())
            else:
                yield text

    @cached_property
    def basic(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for binding in self.bindings:
            if binding.role in _BASIC.values():
                found[binding.resource, binding.role].extend(one for one in binding.members if one.partition(":")[0] not in _BASIC)
        return found

    def targets(self, resource: str, name: str, role: Role | None) -> dict[NodeKey, tuple[str, ...]]:
        """What ``role`` on ``resource`` reaches, with the actions on each."""
        if role is None:
            return {("Resource", resource): ("read", "write")}
        if not _is_scope(resource):
            if "/serviceAccounts/" in resource:
                return {}
            kind = "Secret" if ("Secret", resource) in self.known.nodes else "Resource"
            return {(kind, resource): _actions(_letters(resource, name, role))}
        found = {key: _actions(_of_service(key[1], role)) for key in self.inside.get(resource, ())}
        own = _overall(role) if len(role.services) >= BROAD else ""
        if role.kept & GRANTS_ITSELF:
            own += "a"
        if own:
            found["Resource", resource] = _actions(own)
        if len(role.services) < BROAD:
            place = resource.removeprefix("//cloudresourcemanager.googleapis.com/")
            for service, letters in _main(name, role).items():
                found["Resource", f"//serviceusage.googleapis.com/{place}/services/{service}.googleapis.com"] = _actions(letters)
        return found

    def scopes(self, targets: dict[NodeKey, tuple[str, ...]], sources: list[str]) -> Iterator[NodeFact]:
        for key in targets:
            name = key[1]
            if _is_scope(name):
                kind, _, short = name.removeprefix("//cloudresourcemanager.googleapis.com/").partition("/")
                yield NodeFact(*key, {"name": short, "type": kind.removesuffix("s"), "sources": sources})
            elif name.startswith("//serviceusage.googleapis.com/"):
                place, _, service = name.partition("/services/")
                title = f"{service.removesuffix('.googleapis.com')} of {place.rpartition('/')[2]}"
                yield NodeFact(*key, {"name": title, "type": "service", "sources": sources})

    def actable(self, resource: str, role: Role | None) -> Sequence[NodeKey]:
        """Service accounts that ``role`` on ``resource`` lets its holder act as, or attach to what it starts."""
        if role is None or not role.kept & (IMPERSONATES | {ACT_AS}):
            return ()
        return [names.account(resource.rpartition("/")[2])] if "/serviceAccounts/" in resource else self.accounts.get(resource, ())

    def attaches(self, members: Mapping[str, names.Member], account: NodeKey, stated: Props) -> Iterator[EdgeFact]:
        """(:Identity)-[:ASSUMES]->(:Identity service account) for those that may attach it to something."""
        for text, member in members.items():
            if member.key != account:
                # Whether it can start anything is not known of one that no binding lets do so: somebody else's start may do.
                yield EdgeFact("ASSUMES", member.key, account, stated if self.deploys(text, account) else {**stated, **_NOT_TOLD})

    def deploys(self, member: str, account: NodeKey) -> bool:
        project = names.project_of_account(account[1].removeprefix("gcp:"))
        around = self.chain(self.canonical(names.PROJECTS + project)) if project else []
        return not self.deployers.get(member, set()).isdisjoint(around)

    def comes_in(self, text: str, binding: _Binding) -> Iterator[NodeFact | EdgeFact]:
        """Who outside Google Cloud a federated member is."""
        member = names.member(text)
        if member is None:
            return
        props = granted_props(binding.grant)
        if member.repository:
            yield from github(member.repository, member.key, props)
        if member.workload[1]:
            yield from workloads(self.known, member.workload, member.key, props)

    def domains(self) -> Iterator[EdgeFact]:
        """(:Identity user)-[:MEMBER_OF]->(:Identity domain)"""
        users = {text.partition(":")[2].lower() for binding in self.bindings for text in binding.members if text.startswith("user:")}
        users |= {one.removeprefix("gcp:user:") for one in self.known.ids("Identity", prefix="gcp:user:")}
        by_domain: dict[str, list[str]] = defaultdict(list)
        for user in sorted(users):
            by_domain[user.rpartition("@")[2]].append(user)
        for binding in self.bindings:
            for text in binding.members:
                kind, _, domain = text.partition(":")
                if kind == "domain":
                    props = granted_props(binding.grant)
                    for user in by_domain.get(domain.lower(), ()):
                        yield EdgeFact("MEMBER_OF", ("Identity", f"gcp:user:{user}"), ("Identity", f"gcp:domain:{domain.lower()}"), props)


def _is_scope(resource: str) -> bool:
    scoped = resource.startswith((names.PROJECTS, names.FOLDERS, names.ORGANIZATIONS))
    return scoped and resource.removeprefix("//").count("/") == 2


def _of_service(resource: str, role: Role) -> str:
    service = names.service_of(resource)
    return role.services.get(_PREFIXES.get(service, service), "")


def _letters(resource: str, name: str, role: Role) -> str:
    """Actions of a role that is granted on one resource; all that it allows where the resource does not tell its service."""
    if names.service_of(resource) == "cloudresourcemanager":
        own = role.services.get(name.removeprefix("roles/").partition(".")[0])
        return own or "".join(sorted({letter for letters in role.services.values() for letter in letters}))
    return _of_service(resource, role)


def _main(name: str, role: Role) -> dict[str, str]:
    """The services that a role is about: its own; without one, those where it does more than look. Acting as a service account is said in
    edges of its own.
    """
    own = name.removeprefix("roles/").partition(".")[0]
    named = {own: role.services[own]} if own in role.services else role.services
    about = {service: letters for service, letters in named.items() if service == own or letters != "r" or len(named) == 1}
    return {service: letters for service, letters in about.items() if service != "iam" or set(letters) - set("rx")}


def _overall(role: Role) -> str:
    """Actions that a broad role gives on at least half of its services."""
    return "".join(letter for letter in LETTERS if 2 * sum(letter in letters for letters in role.services.values()) >= len(role.services))


def _actions(letters: str) -> tuple[str, ...]:
    return tuple(LETTERS[letter] for letter in LETTERS if letter in letters)


def _stated(binding: _Binding) -> Props:
    """What all edges of a binding say."""
    props: Props = {"evidence": [binding.grant.evidence], "inherited_from": binding.role}
    if binding.grant.source:
        props["sources"] = [binding.grant.source]
    if binding.condition:
        props["condition"] = binding.condition
        until = _UNTIL.fullmatch(binding.condition)
        if until:
            props["valid_until"] = until[1]
    return props
