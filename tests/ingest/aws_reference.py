"""A second evaluator of AWS policies, one request at a time, written from AWS's page on its evaluation logic alone.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. It shares nothing with the one that it judges.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Document = dict[str, Any]


@dataclass
class Request:
    """Who asks: the policies around one principal."""

    identity: list[Document] = field(default_factory=list)
    boundary: Document | None = None
    scps: list[list[Document]] = field(default_factory=list)
    """By level: organisation, units, account."""


@cache
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    body = "".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in text)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _any(patterns: Any, text: str, ignore_case: bool = False) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns]
    return any(_pattern(one, ignore_case).fullmatch(text) for one in listed)


def _speaks(statement: dict[str, Any], effect: str, action: str, resource: str) -> bool:
    if statement["Effect"] != effect:
        return False
    if "Condition" in statement and effect == "Deny":
        return False  # it may not apply: the worst case
    if "Action" in statement and not _any(statement["Action"], action, True):
        return False
    if "NotAction" in statement and _any(statement["NotAction"], action, True):
        return False
    if "Resource" in statement:
        return _any(statement["Resource"], resource)
    return not _any(statement["NotResource"], resource)


def _says(documents: list[Document], effect: str, action: str, resource: str) -> bool:
    for document in documents:
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            if _speaks(statement, effect, action, resource):
                return True
    return False


def allows(request: Request, action: str, resource: str) -> bool:
    """Deny evaluation, organisation, boundary, identity: in the order of the page's figure."""
    boundary = [request.boundary] if request.boundary else []
    everything = [*request.identity, *boundary, *(one for level in request.scps for one in level)]
    if _says(everything, "Deny", action, resource):
        return False
    if not all(_says(level, "Allow", action, resource) for level in request.scps):
        return False
    if boundary and not _says(boundary, "Allow", action, resource):
        return False
    return _says(request.identity, "Allow", action, resource)


# --------------------------------------------------------------------------------------------------------------------------------
# Made-up policies

ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:PutBucketPolicy", "s3:GetBucketPolicy",
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteTable", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue",
    "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret",
    "kms:Decrypt", "sns:Publish",
)  # fmt: skip
_AT = "eu-west-1:123456789012"
WHOLE = (
    f"arn:aws:dynamodb:{_AT}:table/orders",
    f"arn:aws:dynamodb:{_AT}:table/orders-old",
    f"arn:aws:sqs:{_AT}:pay",
    f"arn:aws:sqs:{_AT}:pay-dead",
    f"arn:aws:lambda:{_AT}:function:pay",
    f"arn:aws:secretsmanager:{_AT}:secret:prod/db-AbCdEf",
    f"arn:aws:kms:{_AT}:key/11111111-2222-3333-4444-555555555555",
    f"arn:aws:sns:{_AT}:alerts",
)
BUCKETS = ("arn:aws:s3:::data", "arn:aws:s3:::data-old")
KEYS = ("in/a.csv", "in/b.csv", "out/c.csv", "elsewhere")
PARTS = (
    *(f"{bucket}/{key}" for bucket in BUCKETS for key in KEYS),
    f"arn:aws:dynamodb:{_AT}:table/orders/index/by-day",
    f"arn:aws:dynamodb:{_AT}:table/orders-old/index/by-day",
    f"arn:aws:lambda:{_AT}:function:pay:live",
)
RESOURCES = (*WHOLE, *BUCKETS, *PARTS)
_ACTION_PATTERNS = (
    *ACTIONS,
    "*", "s3:*", "s3:Get*", "s3:*Object", "S3:GETOBJECT", "dynamodb:*", "dynamodb:?etItem", "sqs:*Message", "lambda:*", "*:*",
    "secretsmanager:Get*", "kms:*", "sns:Pub*", "sqs:Delete*",
)  # fmt: skip
_RESOURCE_PATTERNS = (
    *WHOLE,
    *BUCKETS,
    "*", "*", "arn:aws:s3:::data/*", "arn:aws:s3:::data*", "arn:aws:s3:::*", "arn:aws:s3:::data/in/*", "arn:aws:s3:::data/in/a.csv",
    "arn:aws:s3:::*/in/*", "arn:aws:s3:::data-???/*", "arn:aws:dynamodb:*:*:table/orders", "arn:aws:dynamodb:*:123456789012:table/*",
    "arn:aws:sqs:*:*:pay*", "arn:aws:sqs:eu-west-?:*:pay", "arn:aws:*:eu-west-1:*", "arn:aws:lambda:*:*:function:*",
    "arn:aws:secretsmanager:*:*:secret:prod/*", "arn:aws:secretsmanager:*:*:secret:prod/db-??????", "arn:*:kms:*:*:key/*",
    "arn:aws:sns:*:*:*s",
)  # fmt: skip


def _some(made: random.Random, pool: tuple[str, ...]) -> str | list[str]:
    chosen = made.choices(pool, k=made.choice((1, 1, 2, 3)))
    return chosen[0] if len(chosen) == 1 and made.random() < 0.5 else chosen


def document(made: random.Random, *, broad: float = 0, deny: float = 0.15) -> Document:
    """A policy; ``broad`` is how often it allows everything that it does not deny, as boundaries and limits do."""
    statements: list[dict[str, Any]] = []
    if made.random() < broad:
        statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    for _ in range(made.randint(1, 3)):
        denies = made.random() < deny
        statement: dict[str, Any] = {"Effect": "Deny" if denies else "Allow"}
        statement["NotAction" if made.random() < 0.15 else "Action"] = _some(made, _ACTION_PATTERNS)
        statement["NotResource" if made.random() < 0.15 else "Resource"] = _some(made, _RESOURCE_PATTERNS)
        if made.random() < 0.15:
            statement["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements[0] if len(statements) == 1 and made.random() < 0.5 else statements}


def _limit(made: random.Random) -> Document:
    """A service control policy that allows something; one level that allows nothing at all does not exist."""
    while True:
        found = document(made, broad=0.6)
        statements = found["Statement"] if isinstance(found["Statement"], list) else [found["Statement"]]
        if any(one["Effect"] == "Allow" for one in statements):
            return found


def request(made: random.Random) -> Request:
    """A principal with some policies, sometimes with a boundary and under limits."""
    return Request(
        [document(made) for _ in range(made.randint(1, 3))],
        document(made, broad=0.7) if made.random() < 0.35 else None,
        [[_limit(made) for _ in range(made.randint(1, 2))] for _ in range(made.choice((0, 0, 0, 1, 2)))],
    )
