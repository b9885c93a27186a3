"""``aws_iam_policy_document`` and ``vault_policy_document``: the policy that their blocks write."""

from __future__ import annotations

import json
from typing import Any

from graphinv.ingest.support.partial import Unknown, Value, encode, is_known, objects, text_of


def policy(body: dict[str, Value]) -> Value:
    """JSON text of the document that the attributes and blocks in ``body`` make; statements of documents it takes in come first, and one
    with the ``sid`` of an earlier one replaces it. Unknown where one that it takes in is not known."""
    statements: list[dict[str, Any]] = []
    for name in ("source_json", "source_policy_documents"):
        taken = _documents(body.get(name))
        if taken is None:
            return Unknown(f"data.aws_iam_policy_document({name})")
        statements += taken
    statements += [_statement(block) for block in objects(body.get("statement"))]
    for name in ("override_json", "override_policy_documents"):
        taken = _documents(body.get(name))
        if taken is None:
            return Unknown(f"data.aws_iam_policy_document({name})")
        for statement in taken:
            sid = statement.get("Sid")
            statements = [one for one in statements if not sid or one.get("Sid") != sid] + [statement]
    version = body.get("version")
    return encode({"Version": version if isinstance(version, str) else "2012-10-17", "Statement": statements})


def vault_policy(body: dict[str, Value]) -> Value:
    """The policy, in the JSON that Vault takes as well, that the rules in ``body`` make. Unknown where what one of them allows is."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in objects(body.get("rule")):
        capabilities = _texts(rule.get("capabilities"))
        if not all(map(is_known, capabilities)):
            return Unknown("data.vault_policy_document(capabilities)")
        made = paths.setdefault(text_of(rule.get("path")), {"capabilities": []})
        made["capabilities"] += capabilities
        # Which values may be written is not followed: that it is limited is.
        made |= {f"{name}s": {} for name in ("allowed_parameter", "denied_parameter") if rule.get(name)}
    return json.dumps({"path": paths})


def _documents(value: Value) -> list[dict[str, Any]] | None:
    """Statements of policies given as JSON texts; None where one is not known."""
    found: list[dict[str, Any]] = []
    for text in value if isinstance(value, list) else [] if value in (None, "") else [value]:
        if text in (None, ""):
            continue
        try:
            document = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            return None
        inner = document.get("Statement", [])
        found += [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, dict)]
    return found


_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}


def _statement(block: dict[str, Value]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if isinstance(block.get("sid"), str) and block["sid"]:
        made["Sid"] = block["sid"]
    effect = block.get("effect")
    made["Effect"] = effect if isinstance(effect, str) else "Allow"
    for name, key in _LISTS.items():
        if block.get(name):
            made[key] = _texts(block[name])
    for name, key in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        united: dict[str, list[str]] = {}
        for one in objects(block.get(name)):
            united.setdefault(text_of(one.get("type")), []).extend(_texts(one.get("identifiers")))
        if united:
            made[key] = "*" if united == {"*": ["*"]} else united
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in objects(block.get("condition")):
        variables = conditions.setdefault(text_of(one.get("test")), {})
        variables.setdefault(text_of(one.get("variable")), []).extend(_texts(one.get("values")))
    if conditions:
        made["Condition"] = conditions
    return made


def _texts(value: Value) -> list[str]:
    """Texts of a list, of a nested one too; something unknown in the place of a list is one unknown text."""
    if isinstance(value, list):
        return [text for item in value[:10_000] for text in (_texts(item) if isinstance(item, list) else [text_of(item)])]
    return [] if value is None else [text_of(value)]
