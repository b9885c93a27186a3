from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from functools import cache

import pytest

from graphinv.ingest.grants import Known, aws
from graphinv.ingest.support.aws.actions import SECRET_READS, Service
from graphinv.ingest.support.aws.arns import canonical
from graphinv.ingest.support.aws.estate import gather
from graphinv.ingest.support.aws.evaluation import Context, allowed
from graphinv.ingest.support.aws.globs import glob
from graphinv.ingest.support.aws.policies import Statement
from graphinv.model.facts import EdgeFact, Grant, NodeKey
from tests.ingest import aws_reference as reference
from tests.ingest.reading import shown

ROLE = "arn:aws:iam::123456789012:role/agent"
KEY: NodeKey = ("Identity", ROLE)


def decide(statements: Sequence[Statement], context: Context, action: str, resource: str) -> bool:
    """Whether identity policies allow one action on one resource."""
    prefix, _, name = action.lower().partition(":")
    service, region = context.services[prefix], glob(resource)
    return bool(allowed(statements, service, region) & context.lets(service, region) & service.bit.get(name, 0))


def grants(request: reference.Request) -> list[Grant]:
    made = [Grant("aws", KEY, "identity", json.dumps(one), f"policy-{number}") for number, one in enumerate(request.identity)]
    if request.boundary:
        made.append(Grant("aws", KEY, "boundary", json.dumps(request.boundary)))
    for number, level in enumerate(request.scps):
        # Levels above the account are told by what they hang on; here two of one account are enough.
        made += [Grant("aws", ("Resource", "aws:123456789012"), f"scp:{number}", json.dumps(one)) for one in level]
    return made


def test_every_request_is_decided_as_the_second_evaluator_decides_it() -> None:
    made = random.Random(20261126)
    cases = allowed = 0
    for _ in range(900):
        request = reference.request(made)
        estate = gather(grants(request), Known())
        principal = estate.principals[ROLE]
        statements = [statement for statement, _ in estate.allows(principal)]
        context = estate.context(principal)
        for _ in range(10):
            action, resource = made.choice(reference.ACTIONS), made.choice(reference.RESOURCES)
            expected = reference.allows(request, action, resource)
            assert decide(statements, context, action, resource) == expected, (request, action, resource)
            cases += 1
            allowed += expected
    assert cases == 9000
    assert 0.1 < allowed / cases < 0.8  # otherwise the cases would prove little


_service = cache(Service)


def _expected(request: reference.Request, target: str, places: Iterable[str]) -> set[str]:
    """What the second evaluator lets do to a resource or the parts of it, as actions of the graph."""
    found: set[str] = set()
    for place in places:
        service = _service(place.split(":")[2])
        for number, name in enumerate(service.names):
            bit = 1 << number
            applies = service.applying(target, part=place != target)
            if bit & applies and reference.allows(request, f"{service.prefix}:{name}", place):
                if service.prefix in SECRET_READS and service.atoms(bit) == ("read",) and name not in SECRET_READS[service.prefix]:
                    continue
                found.update(service.atoms(bit))
    return {"admin"} if "admin" in found else found


@pytest.mark.parametrize("seed", range(4))
def test_the_edges_say_what_the_second_evaluator_lets_do(seed: int) -> None:
    made = random.Random(seed)
    more = compared = 0
    for _ in range(20):
        request = reference.request(made)
        known: dict[NodeKey, dict[str, object]] = {(aws_kind(one), one): {} for one in (*reference.WHOLE, *reference.BUCKETS)}
        found: dict[str, set[str]] = {}
        for fact in aws.evaluate(grants(request), Known(known)):
            if isinstance(fact, EdgeFact) and fact.kind == "CAN_ACCESS" and fact.source == KEY:
                found.setdefault(shown(fact.target), set()).update(fact.props["actions"])
        for target in (*reference.WHOLE, *reference.BUCKETS):
            parts = [one for one in reference.PARTS if canonical(one) == target]
            expected = _expected(request, target, [target, *parts])
            given = found.get(target, set())
            given = {"admin"} if "admin" in given else given
            compared += 1
            assert given >= expected or given == {"admin"}, (request, target, given, expected)
            if not parts:
                assert given == expected, (request, target)
            more += given != expected
    # A bucket's parts are not told apart: where limits and denials of parts of it leave nothing together, something may remain on paper.
    assert more <= compared * 0.02


def aws_kind(arn: str) -> str:
    return "Secret" if ":secretsmanager:" in arn else "Resource"
