"""Google Cloud's allow policies.

Grants of ``provider`` ``gcp``; ``body`` is JSON:

    role      subject                          body
    binding   ("Resource", full name)          {"role": "roles/…", "members": ["user:…", …], "condition": expression (optional)}
    role      ("Resource", "projects/p/roles/r")  ["storage.objects.get", …]: the permissions of a custom role
    parent    ("Resource", full name)          full name of the project, folder or organisation that it lies in
    alias     ("Resource", full name)          full name that the same project is known by everywhere else (number → id)
    denial    ("Resource", full name)          a rule of a deny policy of a scope: {"name": …, "denied": [principals],
                                               "excepted": […], "permissions": […], "except": […], "condition": bool}

Full names are those of :mod:`graphinv.ingest.support.gcp.names`. A role on a project, folder or organisation holds for all that lies in it:
each resource that is known; the scope itself where the role covers most services; else ``//serviceusage.googleapis.com/…/services/…`` for
each service it covers. Deny policies take away what they surely do (:mod:`graphinv.ingest.support.gcp.denials`); principal access
boundaries are not evaluated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from graphinv.ingest.grants import Known
from graphinv.ingest.support.federation import github, workloads
from graphinv.ingest.support.gcp import denials, names
from graphinv.ingest.support.gcp.denials import Denial
from graphinv.ingest.support.gcp.permissions import ACT_AS, DEPLOYS, GRANTS_ITSELF, IMPERSONATES, LETTERS, Role, predefined, summary
from graphinv.ingest.support.granted import body_of, granted_props, problem_of, sources_of, unread
from graphinv.ingest.support.reach import access, gathered
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "gcp"
BROAD = 40
"""Services from which on a role is one for the whole scope."""
_BASIC = {"projectOwner": "roles/owner", "projectEditor": "roles/editor", "projectViewer": "roles/viewer"}
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
    permissions: dict[str, list[str]] = field(default_factory=dict)
    """Of custom roles."""
    denials: list[Denial] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    broken: list[Grant] = field(default_factory=list)
    _left: dict[tuple[str, tuple[int, ...]], Role] = field(default_factory=dict)
    _denied: dict[NodeKey, tuple[Denial, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bodies = [(grant, body_of(grant)) for grant in self.grants]
        self.aliases = {grant.subject[1]: body for grant, body in bodies if grant.role == "alias" and isinstance(body, str)}
        for grant, body in bodies:
            subject = grant.subject[1]
            if grant.role == "parent" and isinstance(body, str):
                self.parents.setdefault(self.canonical(subject), self.canonical(body))
            elif grant.role == "role" and isinstance(body, list):
                self.permissions[subject] = [one for one in body if isinstance(one, str)]
                self.roles[subject] = summary(self.permissions[subject])
            elif grant.role == "denial" and isinstance(body, dict):
                self.denials.append(denials.read(grant, body, self.canonical(subject)))
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

    def permitted(self, name: str, resource: str, denied: tuple[Denial, ...]) -> Role | None:
        """The role ``name`` as far as ``denied``, of which those on the scopes around ``resource`` hold, leave it."""
        role = self.role(name)
        if role is None or not denied:
            return role
        around = self.chain(resource)
        here = tuple(one for one in denied if one.scope in around)
        key = (name, tuple(map(id, here)))
        if here and key not in self._left:
            self._left[key] = denials.left(role, self.permissions.get(name), here)
        return self._left[key] if here else role

    # ---- denials ------------------------------------------------------------------------------------------------------------

    @cached_property
    def known_groups(self) -> set[NodeKey]:
        """Groups of which some member is known."""
        return {group for groups in self.known.groups.values() for group in groups}

    def denied(self, principal: NodeKey) -> tuple[Denial, ...]:
        """Rules of deny policies that surely hold for ``principal``."""
        if principal not in self._denied:
            around = self.known.groups_of(principal)
            is_set = not (principal[1].startswith("gcp:user:") or names.is_account(principal[1].removeprefix("gcp:")))
            self._denied[principal] = tuple(one for one in self.denials if one.hits(principal, around, self.known_groups, is_set))
        return self._denied[principal]

    def split(self, binding: _Binding) -> Iterator[tuple[_Binding, tuple[Denial, ...]]]:
        """The binding by what holds for its members."""
        parts: dict[tuple[int, ...], tuple[list[str], tuple[Denial, ...]]] = {}
        for text in self.members(binding) if self.denials else ():
            member = names.member(text)
            denied = self.denied(member.key) if member else ()
            parts.setdefault(tuple(map(id, denied)), ([], denied))[0].append(text)
        if set(parts) <= {()}:
            yield binding, ()
            return
        for members, denied in parts.values():
            yield replace(binding, members=tuple(dict.fromkeys(members))), denied

    def not_applied(self) -> Iterator[Problem]:
        """Rules that take nothing from somebody who may be denied: what they deny counts as allowed there."""
        principals = {member.key for binding in self.bindings for text in binding.members if (member := names.member(text))}
        for one in self.denials:
            why = "a rule of it has a condition" if one.conditional else ""
            unsure = (principal for principal in principals if one.may_hit(principal))
            if not why and any(all(one is not other for other in self.denied(principal)) for principal in unsure):
                why = "not to those who may be excepted from it, or denied by a group"
            if why:
                message = f"the deny policy {one.name} is not applied everywhere ({why}): what it denies counts as allowed there"
                yield problem_of(one.grant, message, "warning")

    # ---- facts --------------------------------------------------------------------------------------------------------------

    @cached_property
    def deployers(self) -> dict[str, set[str]]:
        """Member → scopes in which it can start something of its own."""
        found: dict[str, set[str]] = defaultdict(set)
        for binding in self.bindings:
            for part, denied in self.split(binding):
                role = self.permitted(part.role, part.resource, denied)
                if role and role.kept & DEPLOYS:
                    for member in part.members:
                        found[member].add(part.resource)
        return found

    def facts(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        for grant in self.broken:
            yield unread(grant)
        yield from self.not_applied()
        unknown: set[str] = set()
        told: set[str] = set()
        for binding in self.bindings:
            for part, denied in self.split(binding):
                yield from self.binding(part, denied)
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

    def binding(self, binding: _Binding, denied: tuple[Denial, ...]) -> Iterator[NodeFact | EdgeFact | Problem]:
        role = self.permitted(binding.role, binding.resource, denied)
        props = _stated(binding)
        if role is None:
            props |= _NOT_TOLD
        members = {text: member for text in self.members(binding) if (member := names.member(text))}
        sources = sources_of(binding.grant)
        for member in members.values():
            yield NodeFact(*member.key, {**member.props, "sources": sources})
        principals = list(dict.fromkeys(member.key for member in members.values()))
        targets = self.targets(binding.resource, binding.role, role, denied)
        yield from self.scopes(targets, sources)
        title = f"{binding.role.rpartition('/')[2]} on {binding.resource.rpartition('/')[2]}"
        id = f"gcp:{binding.resource}#{binding.role}" + (f"?{binding.condition}" if binding.condition else "")
        id += "".join(f"!{one.name}" for one in denied)
        group = NodeFact("Identity", id, {"name": title, "type": "role_binding", "provider": "gcp", "sources": sources})
        accounts = self.actable(binding, role, denied)
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

    def targets(self, resource: str, name: str, role: Role | None, denied: tuple[Denial, ...]) -> dict[NodeKey, tuple[str, ...]]:
        """What ``role`` on ``resource`` reaches, with the actions on each that ``denied`` leave."""
        if role is None:
            return {("Resource", resource): ("read", "write")}
        if not _is_scope(resource):
            if "/serviceAccounts/" in resource:
                return {}
            kind = "Secret" if ("Secret", resource) in self.known.nodes else "Resource"
            return {(kind, resource): _actions(_letters(resource, name, role))}
        found = {key: _actions(_of_service(key[1], self.permitted(name, key[1], denied) or role)) for key in self.inside.get(resource, ())}
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

    def actable(self, binding: _Binding, role: Role | None, denied: tuple[Denial, ...]) -> Sequence[NodeKey]:
        """Service accounts that a role lets its holder act as, or attach to what it starts."""
        resource = binding.resource
        if role is None or not role.kept & (IMPERSONATES | {ACT_AS}):
            return ()
        found = [names.account(resource.rpartition("/")[2])] if "/serviceAccounts/" in resource else self.accounts.get(resource, ())
        return [account for account in found if self._acts(binding.role, account, denied)] if denied else found

    def _acts(self, role: str, account: NodeKey, denied: tuple[Denial, ...]) -> bool:
        """Whether a role still lets its holder act as ``account`` where that lies."""
        project = names.project_of_account(account[1].removeprefix("gcp:"))
        there = self.permitted(role, self.canonical(names.PROJECTS + project), denied) if project else self.role(role)
        return there is not None and bool(there.kept & (IMPERSONATES | {ACT_AS}))

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
    return role.services.get(denials.SERVICES.get(service, service), "")


def _letters(resource: str, name: str, role: Role) -> str:
    """Actions of a role that is granted on one resource; all that it allows where the resource does not tell its service."""
    if names.service_of(resource) == "cloudresourcemanager":
        own = role.services.get(name.removeprefix("roles/").partition(".")[0])
        return own or "".join(sorted({letter for letters in role.services.values() for letter in letters}))
    return _of_service(resource, role)


def _main(name: str, role: Role) -> dict[str, str]:
    """The services that a role is about: its own; without one, those where it does more than look, or all where it only looks. A role of
    one's own is about all that it was given. Acting as a service account is said in edges of its own.
    """
    own = name.removeprefix("roles/").partition(".")[0]
    named = {own: role.services[own]} if own in role.services else role.services
    chosen = "/" in own
    about = {service: letters for service, letters in named.items() if chosen or service == own or letters != "r"} or named
    beside = {"iam": "rx", "resourcemanager": "r", "serviceusage": "r"}
    return {service: letters for service, letters in about.items() if service == own or set(letters) - set(beside.get(service, ""))}


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
