"""Azure's role assignments.

Grants of ``provider`` ``azure``; ``body`` is JSON:

    role        subject                            body
    assignment  ("Identity", "entra:<object id>")  {"role": id or name of the role, "scope": "/subscriptions/…", and where they are stated
                                                    "condition": …, "from": …, "until": …}
    definition  ("Resource", "azure-role:<id or name>")  {"name": …, "permissions": [{"actions": […], "notActions": […], "dataActions": …}]}
    denial      ("Resource", "azure-denial:<id>")  {"scope": …, "below": bool, "permissions": […], "condition": bool,
                                                    "principals": [{"id": …, "type": …}], "excluded": […]}

A role on a scope holds for all below it: each resource that is known; the scope itself where the role is one for everything; else
``<scope>/providers/<type>`` for each type that it covers. Deny assignments take away what they surely do
(:mod:`graphinv.ingest.support.azure.denials`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from graphinv.ingest.grants import Known
from graphinv.ingest.support.azure import denials, names
from graphinv.ingest.support.azure.denials import Denial
from graphinv.ingest.support.azure.roles import LETTERS, Role, built_in, summary
from graphinv.ingest.support.granted import object_of, problem_of, sources_of, unread
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.reach import access
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "azure"
_BESIDE = ("microsoft.authorization/", "microsoft.insights/", "microsoft.resources/", "microsoft.support/", "microsoft.resourcehealth/")
"""What nearly every role may do beside what it is for."""
_GUESS: Props = {"evidence": ["inferred"], "confidence": 0.5}
_CARRIED = ("evidence", "sources", "confidence", "condition", "valid_from", "valid_until")


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges and scope nodes; O(resources · log + assignments · what lies in their scope)."""
    yield from _Assignments(grants, known).facts()


class _Assignments:
    def __init__(self, grants: Sequence[Grant], known: Known) -> None:
        self.grants = grants
        self.known = known
        self.roles: dict[str, Role] = {}
        self.denials: list[Denial] = []
        self._denied: dict[NodeKey, list[Denial]] = {}
        for grant in grants:
            body = object_of(grant)
            if grant.role == "denial":
                self.denials.append(denials.read(grant, body))
            if grant.role == "definition" and isinstance(body.get("permissions"), list):
                name = str(body.get("name") or "")
                blocks = items(body["permissions"])
                self.roles[grant.subject[1].removeprefix("azure-role:")] = summary(name, blocks)

    @cached_property
    def resources(self) -> list[str]:
        return self.known.ids("Resource", prefix="/subscriptions/")

    @cached_property
    def managed(self) -> list[str]:
        """Managed identities by the names that they have as resources."""
        return self.known.ids("Identity", prefix="/subscriptions/")

    @cached_property
    def running(self) -> dict[str, list[NodeKey]]:
        """Resource that is a runtime → identities that it runs as."""
        found: dict[str, list[NodeKey]] = defaultdict(list)
        for edge in self.known.edges:
            if edge.kind != "RUNS_AS" or not isinstance(edge.source, tuple) or not isinstance(edge.target, tuple):
                continue
            if edge.source[0] == "Runtime" and edge.source[1].startswith("/subscriptions/"):
                found[edge.source[1]].append(edge.target)
        return found

    def denied(self, principal: NodeKey) -> list[Denial]:
        """Denials that surely hold for ``principal``."""
        if not self.denials or principal in self._denied:
            return self._denied.get(principal, [])
        around = self.known.groups_of(principal)
        is_group = self.known.nodes.get(principal, {}).get("type") in (None, "group")
        holding = [one for one in self.denials if not one.why and one.hits(principal, around, is_group)]
        self._denied[principal] = holding
        return holding

    def not_applied(self) -> Iterator[Problem]:
        """Denials that take nothing from somebody who may be denied: what they deny counts as allowed there."""
        principals = {grant.subject for grant in self.grants if grant.role == "assignment"}
        for one in self.denials:
            why = one.why
            unsure = (principal for principal in principals if one.may_hit(principal))
            if not why and any(all(one is not other for other in self.denied(principal)) for principal in unsure):
                why = "not to those who may be excluded from it, or denied by a group"
            if why:
                message = f"the deny assignment {one.name} is not applied everywhere ({why}): what it denies counts as allowed there"
                yield problem_of(one.grant, message, "warning")

    def facts(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        unknown: set[str] = set()
        yield from self.not_applied()
        for grant in self.grants:
            if grant.role in ("definition", "denial"):
                continue
            body = object_of(grant)
            name, scope = str(body.get("role") or ""), body.get("scope")
            if grant.role != "assignment" or not name or not isinstance(scope, str):
                yield unread(grant)
                continue
            role = self.roles.get(name.lower()) or built_in(name.lower()) or self.roles.get(grant.origin.lower())
            if role is None and name not in unknown:
                unknown.add(name)
                yield problem_of(
                    grant, f"what the Azure role {grant.origin or name} allows is not known; read and write are assumed", "warning"
                )
            yield from self.assignment(grant, role, scope, body)

    def assignment(self, grant: Grant, role: Role | None, scope: str, body: Mapping[str, object]) -> Iterator[NodeFact | EdgeFact]:
        key, kind = names.scope(scope)
        sources = sources_of(grant)
        props: Props = {"evidence": [grant.evidence], "sources": sources, "inherited_from": role.name if role else grant.origin or None}
        for name, field in (("condition", "condition"), ("valid_from", "from"), ("valid_until", "until")):
            if isinstance(body.get(field), str) and body[field]:
                props[name] = body[field]
        if role is None:
            props |= _GUESS
            role = Role("", {"*": "rw"})
        title = scope.rstrip("/").rpartition("/")[2] or "tenant root"
        denied = self.denied(grant.subject)

        def left(target: str, kind: str, letters: str, data: str) -> tuple[str, ...]:
            here = [one for one in denied if one.reaches(target)]
            return _actions(denials.remaining(letters, data, kind, here) if here else letters)

        def on(name: str) -> tuple[str, ...]:
            kind = names.resource_type(name)
            return left(name, kind, role.on(kind), role.data_on(kind))

        place = scope.lower().rstrip("/") or "/"
        targets: dict[NodeKey, tuple[str, ...]] = {}
        if kind != "resource":
            yield NodeFact(*key, {"type": kind, "sources": sources} | ({} if kind == "subscription" else {"name": title}))
            targets[key] = left(place, "*", role.types.get("*", ""), role.data.get("*", ""))
            for covered in _main(role) if "*" not in role.types else ():
                part: NodeKey = ("Resource", f"{'' if kind == 'tenant' else scope.lower().rstrip('/')}/providers/{covered}")
                yield NodeFact(*part, {"name": f"{covered} of {title}", "type": "service", "sources": sources})
                targets[part] = left(place, covered, role.types[covered], role.data.get(covered, ""))
        else:
            yield NodeFact(*key, {"name": title, "kind_detail": names.resource_type(key[1]) or None, "sources": sources})
            targets[key] = on(key[1])
        # Which subscriptions a management group holds is not known: it may be any.
        loose = kind == "management_group"
        below = {("Resource", name): on(name) for name in _below(self.resources, scope, kind)}
        yield from access([grant.subject], targets, props)
        yield from access([grant.subject], below, {**props, **_GUESS} if loose else props)
        for (_, name), actions in {**targets, **below}.items():
            yield from self.takes_over(grant.subject, name, actions, {**props, **_GUESS} if loose else props)
        own = [place] if ("Identity", place) in self.known.nodes else []
        for identity in (*own, *_below(self.managed, scope, kind)):
            yield from _logs_in(grant.subject, identity, on(identity), {**props, **_GUESS} if loose else props)

    def takes_over(self, principal: NodeKey, runtime: str, actions: tuple[str, ...], props: Props) -> Iterator[EdgeFact]:
        """(:Identity)-[:ASSUMES]->(what a runtime runs as): who can change a runtime can run code in it."""
        if not {"write", "execute", "admin"} & set(actions):
            return
        stated = {**_stated(props), "kind_detail": "runs code in it"}
        for identity in self.running.get(runtime, ()):
            if identity != principal:
                # To execute may mean no more than to start it.
                sure = {"write", "admin"} & set(actions)
                yield EdgeFact("ASSUMES", principal, identity, stated if sure else {**stated, **_GUESS})


def _below(ids: list[str], scope: str, kind: str) -> Iterator[str]:
    """Those of ``ids``, which are sorted, that lie below ``scope``."""
    if kind in ("tenant", "management_group"):
        yield from ids
        return
    place = scope.lower().rstrip("/")
    for index in range(bisect_left(ids, f"{place}/"), len(ids)):
        if not ids[index].startswith(f"{place}/"):
            return
        yield ids[index]


def _logs_in(principal: NodeKey, identity: str, actions: tuple[str, ...], props: Props) -> Iterator[EdgeFact]:
    """(:Identity)-[:ASSUMES]->(:Identity managed): who can write it lets whom it likes log in as it, or gives it to a runtime."""
    if {"write", "admin"} & set(actions):
        yield EdgeFact("ASSUMES", principal, ("Identity", identity), {**_stated(props), "kind_detail": "lets others log in as it"})
    elif "execute" in actions:
        yield EdgeFact("ASSUMES", principal, ("Identity", identity), {**_stated(props), "kind_detail": "gives it to a runtime", **_GUESS})


def _stated(props: Props) -> Props:
    return {name: value for name, value in props.items() if name in _CARRIED}


def _main(role: Role) -> list[str]:
    """Types that a role is about."""
    about = [kind for kind in role.types if not kind.startswith(_BESIDE)]
    return about or list(role.types)


def _actions(letters: str) -> tuple[str, ...]:
    return tuple(LETTERS[letter] for letter in LETTERS if letter in letters)
