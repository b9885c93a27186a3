"""Where providers work: accounts, regions, projects and tenants, by the name that a resource or module asks for."""

from __future__ import annotations

from collections.abc import Mapping

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.partial import Value, is_known, objects
from graphinv.ingest.support.terraform import ir
from graphinv.ingest.support.terraform.evaluate import Scope, World
from graphinv.ingest.support.terraform.naming import Home

_SAME = {"awscc": "aws", "google-beta": "google"}
"""Providers that work where another one does, if they say nothing of their own."""


_TENANTS: Mapping[str, tuple[str, ...]] = {"auth0": ("domain",), "github": ("owner", "organization")}
"""Provider → arguments that name its tenant."""


class Providers:
    """Those of a folder that is applied; ``tags`` are what AWS's gives everything."""

    def __init__(self, root: str, world: World, scope: Scope) -> None:
        self.root = root
        self.homes: dict[str, Home] = {}
        self.tags: dict[str, str] = {}
        for block in scope.module.providers:
            body = world.body(block, scope.env())
            alias = body.get("alias")
            name = block.labels[0] + (f".{alias}" if isinstance(alias, str) else "")
            self.homes[name] = _home(root, block.labels[0], body)
            if name == "aws":
                for given in (one.get("tags") for one in objects(body.get("default_tags"))):
                    self.tags |= {key: value for key, value in (given or {}).items() if known(value)} if isinstance(given, dict) else {}

    def home(self, scope: Scope, kind: str, asked: ir.Expr | None) -> Home:
        """Where a resource of type ``kind`` in ``scope`` is, which asks for the provider ``asked``, if for any."""
        name = reference(asked) or kind.partition("_")[0]
        inner: Scope | None = scope
        while inner is not None and inner.caller is not None:
            name = passed(inner.call).get(name, name) if inner.call else name
            inner = inner.caller
        same = _SAME.get(name.partition(".")[0])
        found = self.homes.get(name) or (self.homes.get(same) if same and "." not in name else None)
        return found or Home(self.root)


def reference(expr: ir.Expr | None) -> str:
    """The name of a provider as it is written: ``aws`` or ``aws.west``; ``""`` where there is none."""
    match expr:
        case ir.Name(name):
            return name
        case ir.Attribute(ir.Name(name), alias) | ir.Attribute(ir.Literal(str(name)), alias):
            return f"{name}.{alias}"
        case ir.Literal(str(name)):
            return name
        case ir.Template((one,)):
            return reference(one)
    return ""


def passed(block: ir.Block) -> Mapping[str, str]:
    """Providers that the call of a module passes on: their name in the module → their name outside it."""
    given = block.attributes.get("providers")
    pairs = given.pairs if isinstance(given, ir.Object) else ()
    return {reference(inner): reference(outer) for inner, outer in pairs}


def known(value: Value) -> str:
    """A text that is known; ``""`` for anything else."""
    return value if isinstance(value, str) and is_known(value) else ""


def _home(root: str, name: str, provider: Mapping[str, Value]) -> Home:
    region = known(provider.get("region"))
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return Home(root, _account(provider), region, partition, known(provider.get("project")), _tenant(name, provider))


def _tenant(name: str, provider: Mapping[str, Value]) -> str:
    """The organisation, domain or owner that a provider of that name works in."""
    if name == "okta" and known(provider.get("org_name")):
        return f"{known(provider.get('org_name'))}.{known(provider.get('base_url')) or 'okta.com'}".lower()
    return next((said for key in _TENANTS.get(name, ()) if (said := known(provider.get(key)))), "")


def _account(provider: Mapping[str, Value]) -> str:
    """The one account that a provider of AWS may work in."""
    allowed = provider.get("allowed_account_ids")
    accounts = {one for one in allowed if isinstance(one, str)} if isinstance(allowed, list) else set()
    for role in (one.get("role_arn") for one in objects(provider.get("assume_role"))):
        fields = arns.parse(known(role))
        accounts |= {fields.account} if fields else set()
    account = next(iter(accounts)) if len(accounts) == 1 else ""
    return account if arns.is_account(account) else ""
