"""CloudTrail: who called what in AWS, as it is logged. A million records become one edge for each pair of things.

What was refused, or failed, is no access. Values of parameters and answers stay where they are; of a call only its caller, its action and
the ids of what it was done to are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.grants import Known
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.access import node_of
from graphinv.ingest.support.aws.calls import call_of, caller_of, runtime_of, token_of
from graphinv.ingest.support.aws.dumps import text
from graphinv.ingest.support.aws.policies import Services
from graphinv.ingest.support.aws.trails import events
from graphinv.ingest.support.federation import federated
from graphinv.ingest.support.observed import Tally, seconds
from graphinv.ingest.support.trail import Trail, facts_of
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, NodeKey, Problem

NAME = "cloudtrail"
TITLE = "CloudTrail: what was called in AWS"
FILES = (
    "*.json of CloudTrail (`Records`), as it delivers them, packed too",
    "*.json of `aws cloudtrail lookup-events` and of queries of CloudTrail Lake; *.csv of Athena and of Lake",
    "*.json, *.jsonl, *.ndjson and *.log of records, also as EventBridge, CloudWatch Logs and SIEMs wrap them",
)
MAX_BYTES = 256 * 1024 * 1024

_RECORD = re.compile(rb'\\?"eventSource\\?"\s*:\s*\\?"[a-z0-9.-]{1,60}\.amazon(?:aws)?\.com')
_WITH = re.compile(rb'\\?"(?:eventName|userIdentity)\\?"\s*:')
_OTHER = re.compile(rb'"(?:AWSTemplateFormatVersion|\$schema|openapi)"\s*:')
"""What only speaks of records."""
_UNPARSED = re.compile(rb'"CloudTrailEvent"\s*:\s*"|"eventJson"\s*:\s*"')
_ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_USERS_KEY = re.compile(r"AKIA[A-Z0-9]{12,28}")
_SERVICES = Services({})


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with a record, or with what carries one."""
    name = path.lower()
    if name.endswith(".csv"):
        columns = head.partition(b"\n")[0].lower()
        return b"eventjson" in columns or (b"useridentity" in columns and b"eventsource" in columns)
    if not name.endswith((".json", ".jsonl", ".ndjson", ".log")) or _OTHER.search(head):
        return False
    return _UNPARSED.search(head) is not None or (_RECORD.search(head) is not None and _WITH.search(head) is not None)


def summarise(document: Document) -> Trail:
    """What the records of a document show, counted. O(bytes); memory grows with different accesses, not with records.

    Raises:
        IngestError: it is not text, or holds no record that can be read.
    """
    trail = Trail()
    try:
        for line, event in events(document):
            _take(trail, event, document.source(line))
    except IngestError as error:
        if not trail.records:
            raise
        trail.problems.append(
            Problem(document.path, error.where, f"{error.message}; {trail.records:,} records before are read", "error", NAME)
        )
    return trail


def link(root: str, summaries: Mapping[str, Trail]) -> Iterator[Fact]:
    """Facts of all trails of ``root``."""
    yield from facts_of(root, summaries, NAME)


def _take(trail: Trail, event: dict[str, Any], place: str) -> None:
    """Count one record."""
    of_data = event.get("eventCategory") == "Data" or event.get("managementEvent") is False
    trail.count(str(event.get("eventID") or event), of_data=of_data)
    tally, at, caller = trail.tally, seconds(_time(event.get("eventTime"))), caller_of(event)
    of_aws = caller.startswith("aws-service:")
    failed = bool(event.get("errorCode") or event.get("errorMessage"))
    if caller and not of_aws:
        _credentials(tally, event, caller, at, place)
    if failed:
        return
    call = call_of(event)
    role = _role(event) if call.action in _ASSUMING else ""
    _runtime(tally, event, role or caller, at, place)
    if call.action in _ASSUMING:
        _assumed(tally, event, caller, role, at, place)
    elif not caller or of_aws:
        return  # what AWS does by itself needs no grant of anybody
    elif call.accesses:
        _identity(tally, caller, place)
        for key, actions in call.accesses:
            if key not in tally.nodes:
                tally.name(key, place, **node_of(key, _SERVICES).props)
            tally.see("CAN_ACCESS", ("Identity", caller), key, at, place, (("actions", actions),))
    elif call.untold:
        trail.leave(text(call.action) or "unknown")


def _time(value: object) -> object:
    """Queries write times with a blank."""
    return value.strip().replace(" ", "T", 1) if isinstance(value, str) else value


def _identity(tally: Tally, arn: str, place: str) -> NodeKey:
    kind = arns.identity_type(arn)
    name = arn.rpartition("/")[2]
    if arn.endswith(":root"):
        kind, name = "aws_account", f"account {arn.split(':')[4]}"
    elif arn.startswith("aws-service:"):
        kind, name = "service", arn.removeprefix("aws-service:")
    elif ":identitystore:" in arn:
        kind = "human"
    elif ":saml-provider/" in arn:
        kind, name = "saml_provider", arn.split(":", 5)[5]
    key: NodeKey = ("Identity", arn)
    tally.name(key, place, name=name or arn, type=kind, provider="aws")
    return key


def _credentials(tally: Tally, event: Mapping[str, Any], caller: str, at: str | None, place: str) -> None:
    """The user's access key that signed the call, or the password that somebody logged in with."""
    who = event["userIdentity"]
    key_id = who.get("accessKeyId")
    if isinstance(key_id, str) and _USERS_KEY.fullmatch(key_id) and who.get("type") in ("IAMUser", "Root"):
        owner = arns.access_key_user(key_id)
        tally.name(arns.access_key(key_id), place, name=key_id, type="aws_access_key", lifetime="static")
        tally.name(owner, place, name=f"user of {key_id}", provider="aws", binding="bearer")
        tally.see("AUTHENTICATES_AS", arns.access_key(key_id), owner, at, place)
        tally.see("ASSUMES", owner, _identity(tally, caller, place), at, place)
    answer = event.get("responseElements")
    entered = event.get("eventName") == "ConsoleLogin" and isinstance(answer, dict) and answer.get("ConsoleLogin") == "Success"
    if entered and who.get("type") in ("IAMUser", "Root"):
        password: NodeKey = ("Secret", f"aws-password:{caller}")
        name = f"console password of {caller.rpartition('/')[2]}"
        tally.name(password, place, name=name, type="aws_console_password", lifetime="static")
        tally.see("AUTHENTICATES_AS", password, _identity(tally, caller, place), at, place)


def _role(event: Mapping[str, Any]) -> str:
    """ARN of the role that was assumed; ``""`` where none is named."""
    asked = event.get("requestParameters")
    arn = text(asked.get("roleArn"), 2048) if isinstance(asked, dict) else ""
    return arn if arns.identity_type(arn) == "iam_role" else ""


def _runtime(tally: Tally, event: Mapping[str, Any], role: str, at: str | None, place: str) -> None:
    """(:Runtime)-[:RUNS_AS]->(:Identity role), where AWS says on whose behalf the role is used."""
    runtime = runtime_of(event)
    if runtime is not None and arns.identity_type(role) == "iam_role":
        kind = "ec2" if ":instance/" in runtime[1] else "lambda"
        tally.name(runtime, place, name=re.split("[:/]", runtime[1])[-1], type=kind)
        tally.see("RUNS_AS", runtime, _identity(tally, role, place), at, place)


def _assumed(tally: Tally, event: Mapping[str, Any], caller: str, role: str, at: str | None, place: str) -> None:
    """Who became the role: another identity, or somebody from elsewhere with a token."""
    if not role:
        return
    issuer, subject = token_of(event)
    if issuer and subject:
        for fact in federated(Known(), f"https://{issuer}", subject, _identity(tally, role, place), {}):
            if isinstance(fact, NodeFact):
                tally.name(fact.key, place, **{name: said for name, said in fact.props.items() if name != "sources"})
            elif isinstance(fact.source, tuple) and isinstance(fact.target, tuple):
                tally.see(fact.kind, fact.source, fact.target, at, place)
        return
    if event["userIdentity"].get("type") == "SAMLUser":
        provider = text(event["requestParameters"].get("principalArn"), 2048)
        caller = provider if ":saml-provider/" in provider else ""
    if caller:
        tally.see("ASSUMES", _identity(tally, caller, place), _identity(tally, role, place), at, place)
