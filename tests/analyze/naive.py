"""The semantics, word for word: sets, and again until nothing changes. What the engine is compared with; it shares no code with it."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey

Atom = tuple[str, str, str]
ACTIONS = ("read", "write", "execute", "delete", "admin")
Mask = tuple[tuple[str, ...], ...]
"""Lists of scopes, all of which an atom has to pass."""


def time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def glob_matches(glob: str, text: str) -> bool:
    states = {0}
    for sign in glob:
        if sign == "*":
            states = set(range(min(states), len(text) + 1)) if states else set()
        else:
            states = {at + 1 for at in states if at < len(text) and sign in ("?", text[at])}
    return len(text) in states


def passes(mask: Mask, atom: Atom) -> bool:
    return all(any(_matches(scope, atom) for scope in scopes) for scopes in mask)


def _matches(scope: str, atom: Atom) -> bool:
    action, colon, glob = scope.partition(":")
    return bool(colon) and action in ("*", atom[2]) and glob_matches(glob, atom[1])


class Naive:
    """Privileges of all nodes under one lens at one time."""

    def __init__(self, estate: Estate, lens: str, at: str) -> None:
        self.estate, self.lens, self.now = estate, lens, time(at)
        self.arcs: set[tuple[NodeKey, NodeKey, Mask]] = set()
        self.own: dict[NodeKey, set[Atom]] = {key: set() for key in estate.nodes}
        edges = estate.edges
        self.provided = {edge.source for edge in edges if edge.kind == "PROVIDES"}
        self.known = {edge.source for edge in edges if edge.kind == "CAN_ACCESS"}
        for edge in edges:
            self.read(edge)
        self.priv = self.solve()

    def props(self, key: NodeKey) -> dict[str, Any]:
        return self.estate.nodes[key].props

    def out_of_service(self, key: NodeKey) -> bool:
        props = self.props(key)
        if key[0] in ("Agent", "Workflow"):
            return props.get("status") in ("suspended", "retired")
        if key[0] != "Secret":
            return False
        if props.get("expires_at") and time(props["expires_at"]) <= self.now and not props.get("renewable"):
            return True
        if props.get("issued_at") and props.get("max_life_seconds") is not None:
            return time(props["issued_at"]) + timedelta(seconds=props["max_life_seconds"]) <= self.now
        return False

    def mask_of(self, edge: EdgeRecord, *, ignore_scopes: bool = False) -> Mask | None:  # noqa: PLR0911, PLR0912 - a rule a line
        """Mask of an edge in force; None where it is not. The status of its ends is looked at where the arc is made."""
        props = edge.props
        if props.get("valid_from") and time(props["valid_from"]) > self.now:
            return None
        if props.get("valid_until") and time(props["valid_until"]) <= self.now and not props.get("renewable"):
            return None
        mask: list[tuple[str, ...]] = []
        if props.get("scopes") is not None and not ignore_scopes:
            mask.append(tuple(props["scopes"]))
        guards = [self.props(key) for guard in props.get("guards") or () if (key := ("EnforcementPoint", guard)) in self.estate.nodes]
        enforcing = [guard for guard in guards if guard.get("mode") == "enforce"]
        evidence = props.get("evidence") or []
        if self.lens == "ungoverned" and enforcing:
            return None
        if self.lens == "runtime":
            for guard in enforcing:
                if guard.get("effect") in ("deny", "step_up"):
                    return None
                if guard.get("effect") == "evaluate" and guard.get("allows") is not None:
                    mask.append(tuple(guard["allows"]))
        if self.lens == "standing":
            if props.get("valid_until") and not props.get("renewable"):
                return None
            end = self.props(edge.target)
            if edge.target[0] == "Secret" and end.get("lifetime") == "ephemeral":
                without_limit = end.get("renewable") and end.get("max_life_seconds") is None
                if not without_limit:
                    return None
        seen = ("USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS")
        if self.lens == "observed" and edge.kind in seen and "observed" not in evidence:
            return None
        if self.lens == "declared" and evidence == ["observed"]:
            return None
        return tuple(mask)

    def arc(self, source: NodeKey, target: NodeKey, *masks: Mask | None) -> None:
        joined: list[tuple[str, ...]] = []
        for mask in masks:
            if mask is None:
                return
            joined += mask
        if not self.out_of_service(target):
            self.arcs.add((source, target, tuple(joined)))

    def grant(self, node: NodeKey, target: NodeKey, actions: list[str], mask: Mask | None) -> None:
        if mask is None or self.out_of_service(target):
            return
        atoms = {(*target, action) for action in (ACTIONS if "admin" in actions else actions)}
        self.own[node] |= {atom for atom in atoms if passes(mask, atom)}

    def read(self, edge: EdgeRecord) -> None:  # noqa: PLR0912 - a rule a line
        u, v, props, mask = edge.source, edge.target, edge.props, self.mask_of(edge)
        if edge.kind in ("RUNS_AS", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "USES", "CALLS_BACK"):
            self.arc(u, v, mask)
        if edge.kind == "RUNS_ON" and not props.get("isolated"):
            self.arc(u, v, mask)
        if edge.kind == "HOLDS":
            self.grant(u, v, ["read"], mask)
        if edge.kind == "DELEGATES_TO":
            self.arc(u, v, mask)
            if props.get("mode") == "on_behalf_of":
                self.arc(v, u, mask)
            if props.get("mode") == "passthrough":
                self.arc(v, u, self.mask_of(edge, ignore_scopes=True))
        if edge.kind == "CONNECTS_TO":
            if v not in self.provided:
                self.arc(u, v, mask)
            for other in self.estate.edges:
                if other.kind == "PROVIDES" and other.source == v:
                    tools = props.get("tools")
                    name = self.estate.nodes[other.target].name
                    if tools is None or other.target[1] in tools or (name is not None and name in tools):
                        self.arc(u, other.target, mask, self.mask_of(other))
        if edge.kind == "PROVIDES":
            self.arc(u, v, mask)
            if v not in self.known or "execute" in (self.props(v).get("effects") or ()):
                for other in self.estate.edges:
                    if other.source == u and (
                        other.kind in ("RUNS_AS", "HOLDS") or (other.kind == "RUNS_ON" and not other.props.get("isolated"))
                    ):
                        self.arc(v, other.target, mask, self.mask_of(other))
        if edge.kind == "CAN_ACCESS":
            actions = props.get("actions") or []
            self.grant(u, v, actions, mask)
            if v[0] == "Secret" and ("read" in actions or "admin" in actions):
                self.arc(u, v, mask)

    def solve(self) -> dict[NodeKey, set[Atom]]:
        priv = {key: set(atoms) for key, atoms in self.own.items()}
        changed = True
        while changed:
            changed = False
            for source, target, mask in self.arcs:
                fresh = {atom for atom in priv[target] if passes(mask, atom)} - priv[source]
                if fresh:
                    priv[source] |= fresh
                    changed = True
        return priv

    def hops(self, atom: Atom) -> dict[NodeKey, int]:
        """Length of a shortest path to ``atom`` whose masks it passes, the privilege itself included, of every node that has one."""
        found = {key: 1 for key, atoms in self.own.items() if atom in atoms}
        queue = deque(found)
        while queue:
            node = queue.popleft()
            for source, target, mask in self.arcs:
                if target == node and source not in found and passes(mask, atom):
                    found[source] = found[node] + 1
                    queue.append(source)
        return found

    def counts(self, subject: NodeKey) -> dict[str, int]:
        """Distinct nodes that arcs lead to; an arc that nothing can pass is none."""
        seen, queue = {subject}, deque([subject])
        while queue:
            node = queue.popleft()
            for source, target, mask in self.arcs:
                if source == node and target not in seen and all(scopes for scopes in mask):
                    seen.add(target)
                    queue.append(target)
        kinds = {"agents": "Agent", "identities": "Identity", "secrets": "Secret", "tools": "Tool"}
        return {name: sum(key[0] == kind for key in seen - {subject}) for name, kind in kinds.items()}
