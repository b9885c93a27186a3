"""A large AWS account, made up, and what reading and evaluating it takes: ``python -m tests.bench.aws [ROLES [POLICIES]]``."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections import Counter
from typing import Any

from graphinv.ingest import Document, aws_account
from graphinv.ingest.grants import Known, evaluate
from graphinv.model.facts import EdgeFact, Grant, NodeFact

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
AT = f"eu-west-1:{ACCOUNT}"
TRUSTED = ("lambda", "lambda", "ec2", "ecs-tasks", "glue", "sagemaker", "states", "bedrock-agentcore")
MANAGED = ("service-role/AWSLambdaBasicExecutionRole", "AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy", "IAMReadOnlyAccess")


def statements(made: random.Random, number: int) -> list[dict[str, Any]]:
    """What one team's policy says: some resources of its own, now and then a wildcard, a condition, a denial, or a way to more."""
    said: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::team-{number % 4000}/{number}/*"},
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            "Resource": [f"arn:aws:dynamodb:{AT}:table/t{number % 3000}", f"arn:aws:dynamodb:{AT}:table/t{number % 3000}/index/*"],
        },
    ]
    chance = made.random()
    if chance < 0.05:
        said.append({"Effect": "Allow", "Action": made.choice(("s3:*", "sqs:*", "dynamodb:*", "secretsmanager:Get*")), "Resource": "*"})
    elif chance < 0.08:
        said.append({"Effect": "Allow", "Action": ["iam:PassRole", "lambda:*"], "Resource": "*"})
    elif chance < 0.10:
        said.append({"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"})
    elif chance < 0.3:
        secret = f"arn:aws:secretsmanager:{AT}:secret:team-{number % 2000}-??????"
        condition = {"StringEquals": {"aws:PrincipalTag/team": f"team-{number % 50}"}}
        said.append({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret, "Condition": condition})
    elif chance < 0.4:
        said.append({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"{IAM}role/team/r{made.randrange(5000)}"})
    return said


def policy(number: int, document: dict[str, Any]) -> dict[str, Any]:
    version = {"Document": document, "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2024-01-01T00:00:00+00:00"}
    name = f"p{number}"
    return {"PolicyName": name, "PolicyId": f"ANPA{number:016}", "Arn": f"{IAM}policy/{name}", "Path": "/", "DefaultVersionId": "v1",
            "AttachmentCount": 1, "IsAttachable": True, "PolicyVersionList": [version]}  # fmt: skip


def account(roles: int = 5_000, policies: int = 20_000, seed: int = 1) -> bytes:
    """``get-account-authorization-details`` of an account of that size, as the command prints it."""
    made = random.Random(seed)
    attached: dict[int, list[int]] = {}
    for number in range(policies):
        attached.setdefault(number % roles, []).append(number)
    details = []
    for number in range(roles):
        managed = [f"{IAM}policy/p{one}" for one in attached.get(number, ())]
        managed.append(f"arn:aws:iam::aws:policy/{made.choice(MANAGED)}")
        chance = made.random()
        if chance < 0.06:
            managed.append(f"arn:aws:iam::aws:policy/{made.choice(('AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess'))}")
        principal: dict[str, Any] = {"Service": f"{made.choice(TRUSTED)}.amazonaws.com"}
        if made.random() < 0.2:
            principal = {"AWS": made.choice((f"{IAM}root", f"{IAM}role/team/r{made.randrange(roles)}"))}
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        detail: dict[str, Any] = {
            "Path": "/team/", "RoleName": f"r{number}", "RoleId": f"AROA{number:016}", "Arn": f"{IAM}role/team/r{number}",
            "AssumeRolePolicyDocument": trust, "InstanceProfileList": [], "RolePolicyList": [], "Tags": [],
            "AttachedManagedPolicies": [{"PolicyName": one.rpartition("/")[2], "PolicyArn": one} for one in managed],
        }  # fmt: skip
        if made.random() < 0.1:
            boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
            detail["PermissionsBoundary"] = boundary
        details.append(detail)
    documents = [policy(number, {"Version": "2012-10-17", "Statement": statements(made, number)}) for number in range(policies)]
    whole = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": details, "Policies": documents, "IsTruncated": False}
    return json.dumps(whole, indent=4).encode()


def read_and_evaluate(data: bytes) -> tuple[Counter[str], float, float]:
    """Edges by kind, seconds to read, seconds to evaluate."""
    start = time.perf_counter()
    facts = list(aws_account.read(Document("bench", "account.json", data, lambda value: "0" * 32)))
    known = Known.of((fact for fact in facts if isinstance(fact, NodeFact)), (fact for fact in facts if isinstance(fact, EdgeFact)))
    read = time.perf_counter()
    counts: Counter[str] = Counter()
    for fact in evaluate((fact for fact in facts if isinstance(fact, Grant)), known):
        counts[fact.kind if isinstance(fact, EdgeFact) else type(fact).__name__] += 1
    return counts, read - start, time.perf_counter() - read


def main() -> None:
    sizes = [int(one) for one in sys.argv[1:]]
    data = account(*sizes)
    counts, reading, evaluating = read_and_evaluate(data)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(data) / 1e6:.0f} MB read in {reading:.1f} s, evaluated in {evaluating:.1f} s; {memory:.0f} MB at most; {dict(counts)}")


if __name__ == "__main__":
    main()
