"""Service control policies where they are attached: on accounts, and on the units and the root above them.

Grants of ``provider`` ``aws`` say the parts, each in whichever file it stands:

    role            subject                                  body
    scp-document    ("Resource", "aws-scp:<policy id>")      the document
    scp-attached    ("Resource", "aws:<account or unit>")    the policy's id
    scp-parent      ("Resource", "aws:<account or unit>")    the unit or root that it lies in, ``""`` where it is only known to be a member
    scp-management  ("Resource", "aws:<account>")            null: no such policy limits this account
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.policies import Policy
from graphinv.model.facts import Grant

FULL_ACCESS = "p-FullAWSAccess"
"""AWS's own policy that every root, unit and account has unless it was taken off."""
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
MAX_DEPTH = 10

One = TypeVar("One")


@dataclass
class Organisations:
    """What is known of organisations: policies by id, what hangs where, what lies in what."""

    documents: dict[str, tuple[Policy, Grant]] = field(default_factory=dict)
    attached: dict[str, list[tuple[str, Grant]]] = field(default_factory=lambda: defaultdict(list))
    parents: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    management: set[str] = field(default_factory=set)

    def take(self, grant: Grant, body: object) -> None:
        """One of the grants without a document."""
        name = grant.subject[1].removeprefix("aws:")
        if grant.role == "scp-attached" and isinstance(body, str):
            self.attached[name].append((body, grant))
        elif grant.role == "scp-parent" and isinstance(body, str):
            self.parents[name].update([body] if body else [])
        elif grant.role == "scp-management":
            self.management.add(name)

    def above(self, account: str, targets: set[str]) -> Iterator[str]:
        """Units and roots above an account; of an account that is only known to be a member, the root where only one is known."""
        roots = [one for one in targets if one.startswith("r-")]
        found: set[str] = set()
        level = {account}
        for _ in range(MAX_DEPTH):
            level = {parent for one in level for parent in self.parents.get(one, ())} - found
            found |= level
        if account in self.parents and len(roots) == 1:
            found.add(roots[0])
        yield from sorted(found)

    def missing(self) -> Iterator[tuple[Grant, str]]:
        """What can't be applied, and why: policies without their document, and documents that hang nowhere."""
        hung = {id for there in self.attached.values() for id, _ in there}
        for there in self.attached.values():
            for id, grant in there:
                if id not in self.documents and id != FULL_ACCESS:
                    yield grant, f"the document of the service control policy {id} is not among what was read; what it denies is not known"
        for id, (_, grant) in sorted(self.documents.items()):
            if id not in hung and id != FULL_ACCESS:
                yield (
                    grant,
                    f"where the service control policy {grant.origin or id} hangs is not among what was read; it limits nothing here",
                )


def distribute(limits: dict[str, dict[str, list[One]]], organisations: Organisations) -> list[str]:
    """Put what hangs on units and roots on the accounts below, a level each; the targets that have no account below, as far as is known."""
    targets = {one for one in limits if not arns.is_account(one)}
    used: set[str] = set()
    accounts = {one for one in (*limits, *organisations.parents) if arns.is_account(one)} - organisations.management
    for account in sorted(accounts):
        for unit in organisations.above(account, targets):
            for there in list(limits.get(unit, {}).values()):
                limits[account].setdefault(f"scp:{unit}", []).extend(there)
            used.add(unit)
    for account in organisations.management:
        limits.pop(account, None)
    return sorted(one for one in targets - used if one.startswith(("r-", "ou-")))
