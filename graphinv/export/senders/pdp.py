"""A decision point that speaks AuthZEN 1.0, asked what it would decide. Nothing is changed there.

All hops of a path are asked about in one request (``/access/v1/evaluations``); where the point has none such, one by one
(``/access/v1/evaluation``). Its metadata (``/.well-known/authzen-configuration``) may tell other addresses, of the same host: credentials
go to that alone. AUTHZEN_TOKEN in the environment is sent as a bearer token.

Step-up is read in the three forms that it is written in: ``acr_values`` or ``amr_values`` beside a deny, an obligation ``step-up``, and a
deny that tells how an approval is asked for. An obligation that is not known counts as a deny, as its profile demands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from graphinv.export.authzen import request
from graphinv.export.senders import moment, needed, record, records
from graphinv.export.senders.web import Refused, Web, address
from graphinv.export.support.questions import Question
from graphinv.model.errors import TrackerError
from graphinv.model.text import plain
from graphinv.model.verdicts import Answer, Decision

VARIABLE = "AUTHZEN_TOKEN"
MAX_TOLD = 200
_METADATA = "/.well-known/authzen-configuration"
_NOT_THERE = (404, 405, 501)
_INFORMING = frozenset({"notification", "session_termination"})
"""Obligations beside which something may pass: they are about others."""
_REVISIONS = ("revision", "policy_revision", "policy_version", "bundle_revision")


class DecisionPoint:
    """The decision point at ``url``, with credentials from ``environment``. Nothing is sent yet.

    Raises:
        UsageError: the address or the token is no good; the message quotes neither.
    """

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        self.url = address(url, "--pdp")
        parts = urlsplit(self.url)
        self._token = token = needed(environment, VARIABLE)[0] if environment.get(VARIABLE) else ""
        self.web = Web(f"{parts.scheme}://{parts.netloc}", {"Authorization": f"Bearer {token}"} if token else {}, [token])
        self._single, self._batch = (f"{parts.path}/access/v1/evaluation", f"{parts.path}/access/v1/evaluations")
        self._well_known = _METADATA + parts.path
        self._has_batch = True
        self._gone = ""

    def close(self) -> None:
        """Let the connection go."""
        self.web.close()

    def discover(self) -> None:
        """Take the addresses from the point's metadata.

        Raises:
            TrackerError: it has none, or they are of another point or on another host.
        """
        told = record(self.web.get(self._well_known).data)
        single, batch = (self._path(told.get(f"access_{name}_endpoint")) for name in ("evaluation", "evaluations"))
        if told.get("policy_decision_point") != self.url or not single:
            raise TrackerError(f"the metadata of {plain(self.url)} name another decision point, or no address on its host")
        self._single, self._batch, self._has_batch = single, batch, bool(batch)

    def _path(self, endpoint: object) -> str:
        """Where on our host an address is; empty where it is elsewhere."""
        return endpoint.removeprefix(self.web.base) if isinstance(endpoint, str) and endpoint.startswith(f"{self.web.base}/") else ""

    def ask(self, asked: Sequence[Question]) -> list[Answer]:
        """An answer to each question, in their order. A call that fails is ``unknown``; once the point is gone nothing more is sent."""
        if self._has_batch and not self._gone:
            try:
                return _answers(self.web.search(self._batch, request(asked)).data, len(asked), self._token)
            except Refused as refused:
                if refused.status not in _NOT_THERE:
                    return [_failed(refused)] * len(asked)
                self._has_batch = False
            except TrackerError as error:
                self._gone = str(error)
        return [self._ask_one(one) for one in asked]

    def _ask_one(self, question: Question) -> Answer:
        if self._gone:
            return Answer("unknown", f"it was not asked: {self._gone}")
        try:
            return answer_of(self.web.search(self._single, question).data, self._token)
        except Refused as refused:
            return _failed(refused)
        except TrackerError as error:
            self._gone = str(error)
            return _failed(error)


def _failed(error: TrackerError) -> Answer:
    return Answer("unknown", f"the call failed: {error}")


def _answers(data: Any, number: int, token: str) -> list[Answer]:
    found = record(data).get("evaluations")
    if not isinstance(found, list) or len(found) != number:
        got = f"{len(found)} answers" if isinstance(found, list) else "no answers"
        return [Answer("unknown", f"it gives {got} to {number} questions")] * number
    return [answer_of(one, token) for one in found]


def answer_of(data: Any, token: str = "") -> Answer:
    """What one evaluation says, without ``token``, whatever the point writes back.

    >>> answer_of({"decision": True}).decision, answer_of({"decision": "yes"}).decision
    ('allow', 'unknown')
    >>> answer_of({"decision": False, "context": {"acr_values": "mfa"}})
    Answer(decision='step_up', reason='acr_values mfa', revision=None, at=None)
    """
    context = record(record(data).get("context"))
    decision, words = _decided(record(data).get("decision"), context)
    revision = next((str(context[name]) for name in _REVISIONS if isinstance(context.get(name), (str, int))), None)
    reason, revision = (
        text and plain(text.replace(token, "…") if token else text, MAX_TOLD) for text in (words or _reason(context), revision)
    )
    return Answer(decision, reason or "", revision, moment(context.get("evaluated_at")))


def _decided(stated: object, context: Mapping[str, Any]) -> tuple[Decision, str]:
    """The decision, and why, where it is not for the point to say that."""
    if error := context.get("error"):
        return "unknown", f"it reports an error: {_words(error) or _reason(record(error)) or 'of no words'}"
    if not isinstance(stated, bool):
        return "unknown", "it answers without a decision"
    obligations = context.get("obligations")
    kinds = {str(one.get("type")) for one in records(obligations)}
    if "step-up" in kinds:
        return "step_up", _reason(context) or "with the obligation step-up"
    if not stated:
        return _refused(context)
    if obligations is not None and not (isinstance(obligations, list) and len(records(obligations)) == len(obligations)):
        return "unknown", "its obligations cannot be read"
    strange = ", ".join(sorted(kinds - _INFORMING))
    return ("deny", f"with an obligation that is not known: {strange}") if strange else ("allow", "")


def _refused(context: Mapping[str, Any]) -> tuple[Decision, str]:
    """A deny, or step-up where it tells what more it takes."""
    for name in ("acr_values", "amr_values"):
        if more := _words(context.get(name)):
            return "step_up", _reason(context) or f"{name} {more}"
    if record(context.get("access_request")):
        return "step_up", _reason(context) or "an approval can be asked for"
    return "deny", ""


def _reason(context: Mapping[str, Any]) -> str:
    """The first words that tell why, of those that a point may give."""
    return next((text for name in ("reason", "reason_user", "reason_admin", "message") if (text := _words(context.get(name)))), "")


def _words(value: object) -> str:
    """A text, texts in a list, or the first text by language or code."""
    if isinstance(value, dict):
        return next((one for one in value.values() if isinstance(one, str)), "")
    return ", ".join(str(one) for one in value[:5]) if isinstance(value, list) else value if isinstance(value, str) else ""
