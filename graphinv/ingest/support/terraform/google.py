"""Resources of Terraform's Google Cloud provider: service accounts, keys, policies, runtimes and stores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.gcp import denials, names
from graphinv.ingest.support.masked import carried
from graphinv.ingest.support.partial import Unknown, Value, is_known, text_of
from graphinv.ingest.support.terraform import google_names
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Grant, NodeFact


def _name(context: Context, one: Resource) -> str:
    made = google_names.full_name(one.type, one.address, one.values.get, one.home)
    return context.site(one).id(made or f"terraform:{one.address}")


def _project(site: Site, one: Resource) -> str:
    return site.id(names.PROJECTS + google_names.project_of(one.values.get, one.home))


def _grant(site: Site, resource: str, role: str, body: object, origin: str = "") -> Grant:
    return Grant("gcp", ("Resource", resource), role, json.dumps(body, separators=(",", ":")), origin, site.source, site.evidence)


def _inside(context: Context, one: Resource) -> Iterator[Fact]:
    """That a resource lies in its project."""
    site = context.site(one)
    yield _grant(site, _name(context, one), "parent", _project(site, one))


def _store(context: Context, one: Resource) -> Iterator[Fact]:
    yield from declared.store(context.site(one), _name(context, one), google_names.STORES[one.type][0], _title(one))
    yield from _inside(context, one)


def _title(one: Resource) -> str:
    name = one.text("name", "dataset_id", "repository_id", "secret_id", "display_name")
    return name if name and is_known(name) else one.address


def _account(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    email = site.id(google_names.email_of(one.values.get, one.address, one.home))
    key = names.account(email)
    yield site.node(*key, one.text("display_name") or _title(one), type="service_account", provider="gcp")
    yield from site.owners(key)


def _key(context: Context, one: Resource) -> Iterator[Fact]:
    """A key of a service account: long-lived, for whoever holds it."""
    site = context.site(one)
    account = names.account(_email(site, text_of(one.values.get("service_account_id"))))
    key = declared.made(site, one.address)
    name = f"key of {site.name(account[1])}"
    yield NodeFact(*key, {"name": name, "type": "gcp_service_account_key", "lifetime": "static", "sources": [site.source]})
    for secret in (key, *carried(one.text("private_key"))):
        yield site.edge("AUTHENTICATES_AS", secret, account)


def _email(site: Site, text: str) -> str:
    """E-mail of a service account by its name (``projects/…/serviceAccounts/…``) or e-mail."""
    return site.id(text.rpartition("/")[2].removeprefix("serviceAccount:"))


def _runtime(context: Context, one: Resource) -> Iterator[Fact]:
    site, name = context.site(one), _name(context, one)
    variables: dict[str, object] = {}
    for path in _VARIABLES:
        for block in one.blocks(*path.split(".")):
            pair = isinstance(block.get("name"), str) and "value" in block
            variables |= (
                {text_of(block["name"]): block["value"]}
                if pair
                else ({} if "value_source" in block or "value_from" in block else dict(block))
            )
    for script in ("metadata_startup_script",):
        variables |= {script: one.values[script]} if one.values.get(script) is not None else {}
    yield from declared.workload(site, google_names.RUNTIMES[one.type][0], name, _title(one), variables=variables, labels=_labels(one))
    for secret in _kept(one):
        yield site.edge("HOLDS", ("Runtime", name), ("Secret", site.id(secret)), place="vault")
    yield from _inside(context, one)
    for email in _accounts(one):
        yield site.edge("RUNS_AS", ("Runtime", name), names.account(_email(site, email)))


def _labels(one: Resource) -> list[str]:
    """What it runs, for :mod:`graphinv.pipeline.deployments`."""
    found = [f"image={image}" for path in _IMAGES for image in _at(one, path) if is_known(image) and safe(image)]
    found += [f"module={name}" for name in _at(one, "spec.source_code_spec.python_spec.entrypoint_module") if is_known(name) and safe(name)]
    return [*found, f"manifest={one.path}"] if found and safe(one.path) else []


def _at(one: Resource, path: str) -> list[str]:
    *blocks, name = path.split(".")
    return [text for block in one.blocks(*blocks) for text in texts(block.get(name))]


def _kept(one: Resource) -> Iterator[str]:
    """Names of the secrets of Secret Manager that its variables are filled with."""
    for path, attribute in _FROM_SECRETS:
        for block in one.blocks(*path.split(".")):
            value = block.get(attribute)
            if isinstance(value, (str, Unknown)) and value:
                text = text_of(value).partition("/versions/")[0]
                project = text_of(block.get("project_id")) or google_names.project_of(one.values.get, one.home)
                own = text if text.startswith("projects/") else f"projects/{project}/secrets/{text.rpartition('/')[2]}"
                yield f"//secretmanager.googleapis.com/{own}"


_IMAGES = (
    "template.containers.image",
    "template.template.containers.image",
    "template.spec.containers.image",
    "spec.container_spec.image_uri",
)
_FROM_SECRETS = (
    ("secret_environment_variables", "secret"),
    ("service_config.secret_environment_variables", "secret"),
    ("template.containers.env.value_source.secret_key_ref", "secret"),
    ("template.template.containers.env.value_source.secret_key_ref", "secret"),
    ("template.spec.containers.env.value_from.secret_key_ref", "name"),
    ("spec.deployment_spec.secret_env.secret_ref", "secret"),
)
_VARIABLES = (
    "environment_variables",
    "service_config.environment_variables",
    "template.containers.env",
    "template.template.containers.env",
    "template.spec.containers.env",
    "spec.deployment_spec.env",
    "metadata",
)
_ACCOUNTS = (
    "service_account_email",
    "service_account.email",
    "service_config.service_account_email",
    "template.service_account",
    "template.template.service_account",
    "template.spec.service_account_name",
    "spec.service_account",
    "node_config.service_account",
    "config.node_config.service_account",
    "cluster_config.gce_cluster_config.service_account",
    "http_target.oidc_token.service_account_email",
    "http_target.oauth_token.service_account_email",
    "service_account",
)


def _accounts(one: Resource) -> Iterator[str]:
    for path in _ACCOUNTS:
        *blocks, name = path.split(".")
        for block in one.blocks(*blocks):
            value = block.get(name)
            if isinstance(value, (str, Unknown)) and value:
                yield text_of(value)
                return


def _secret(context: Context, one: Resource) -> Iterator[Fact]:
    site, name = context.site(one), _name(context, one)
    own = text_of(google_names.computed(one.type, one.address, "id", one.values.get, one.home))
    versions = context.having("google versions", "google_secret_manager_secret_version", lambda other: text_of(other.values.get("secret")))
    value = next((other.text("secret_data") for other in versions.get(own, ())), "")
    yield from declared.secret(site, name, "gcp_secret", _title(one), value)
    yield from _inside(context, one)


def _custom(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    role = site.id(google_names.role_name(one.type, one.values.get, one.home))
    yield _grant(site, role, "role", texts(one.values.get("permissions")), role)


# --------------------------------------------------------------------------------------------------------------------------------
# Policies

# Beginning of a type (``…_iam_member``, ``…_iam_binding``, ``…_iam_policy``) → attribute with the resource, and the type that it is.
_POLICIES: Mapping[str, tuple[str, str]] = {
    "google_project": ("project", ""),
    "google_folder": ("folder", ""),
    "google_organization": ("org_id", ""),
    "google_service_account": ("service_account_id", "google_service_account"),
    "google_storage_bucket": ("bucket", "google_storage_bucket"),
    "google_bigquery_dataset": ("dataset_id", "google_bigquery_dataset"),
    "google_pubsub_topic": ("topic", "google_pubsub_topic"),
    "google_secret_manager_secret": ("secret_id", "google_secret_manager_secret"),
    "google_cloud_run_service": ("service", "google_cloud_run_service"),
    "google_cloud_run_v2_service": ("name", "google_cloud_run_v2_service"),
    "google_cloudfunctions_function": ("cloud_function", "google_cloudfunctions_function"),
    "google_cloudfunctions2_function": ("cloud_function", "google_cloudfunctions2_function"),
    "google_artifact_registry_repository": ("repository", "google_artifact_registry_repository"),
}


_ANY_POLICY = re.compile(r"google_([a-z0-9_]{2,80})_iam_(?:member|binding|policy)")
_SERVICES: Mapping[str, str] = {
    "access": "accesscontextmanager",
    "artifact": "artifactregistry",
    "billing": "cloudbilling",
    "binary": "binaryauthorization",
    "cloud": "run",
    "cloudbuildv2": "cloudbuild",
    "cloudfunctions2": "cloudfunctions",
    "data": "datacatalog",
    "gke": "gkehub",
    "kms": "cloudkms",
    "secret": "secretmanager",
    "secure": "securesourcemanager",
    "service": "servicedirectory",
    "sourcerepo": "source",
    "tags": "cloudresourcemanager",
    "vertex": "aiplatform",
}
"""First word of a type → its service, where the word is not the service's own name."""
_BESIDE = frozenset({"role", "member", "members", "condition", "policy_data", "project", "location", "region", "zone", "etag", "id"})


def reader_of(kind: str) -> Reader | None:
    """What reads a policy of any other resource; None for other types."""
    return _policy if _ANY_POLICY.fullmatch(kind) else None


def _any_target(context: Context, one: Resource) -> str:
    """Full name of a resource of any type, as far as what its policy says tells it."""
    site, words = context.site(one), one.type.partition("_iam_")[0].split("_")[1:]
    service = _SERVICES.get(words[0], words[0])
    named = [name for name in one.values if name not in _BESIDE and one.values[name] is not None]
    # The longest tail of the type's words that an attribute is named after.
    tails = ("_".join(words[start:]) for start in range(len(words)))
    attribute = next((name for tail in tails for name in (f"{tail}_id", tail, f"{tail}_name") if name in named), next(iter(named), "name"))
    text = text_of(one.values.get(attribute)) or text_of(Unknown(one.address))
    project = google_names.project_of(one.values.get, one.home)
    return site.id(f"//{service}.googleapis.com/" + (text if "/" in text else f"projects/{project}/{words[-1]}s/{text}"))


def _policy(context: Context, one: Resource) -> Iterator[Fact]:
    """Members that a role is given to, of one resource."""
    site = context.site(one)
    start, _, form = one.type.partition("_iam_")
    if start in _POLICIES:
        resource = _target(context, one, *_POLICIES[start])
    else:
        resource = _any_target(context, one)
        yield site.node("Resource", resource, resource.rpartition("/")[2], type=start.removeprefix("google_"))
    if form == "policy":
        bindings = _bindings(one.values.get("policy_data"))
        if bindings is None:
            yield site.problem("the policy is not known from this configuration")
            return
    else:
        members = texts(one.values.get("members")) + texts(one.values.get("member"))
        unknown = [text_of(value) for value in (one.values.get("members"), one.values.get("member")) if isinstance(value, Unknown)]
        if unknown:
            yield site.problem("a member that a role is given to is not known from this configuration")
        bindings = [{"role": text_of(one.values.get("role")), "members": members, "condition": next(iter(one.blocks("condition")), None)}]
    for binding in bindings:
        members = [site.id(member) for member in texts(binding.get("members"))]
        condition = binding.get("condition")
        body: dict[str, Any] = {"role": site.id(text_of(binding.get("role"))), "members": members}
        if isinstance(condition, dict) and isinstance(condition.get("expression"), str):
            body["condition"] = site.name(condition["expression"])
        yield _grant(site, resource, "binding", body, body["role"])


def _denial(context: Context, one: Resource) -> Iterator[Fact]:
    """A deny policy, a grant for each of its rules."""
    site = context.site(one)
    name, scope = site.name(context.title(one)), denials.attached_to(site.id(text_of(one.values.get("parent"))))
    if not scope:
        yield site.problem(f"what the deny policy {name} hangs on is not known; it is not applied: what it denies counts as allowed")
        return
    for block in one.blocks("rules", "deny_rule"):
        rule = {key: [site.id(text) for text in texts(value)] or value for key, value in block.items()}
        yield Grant("gcp", ("Resource", scope), "denial", denials.body(name, rule), name, site.source, site.evidence)


def _target(context: Context, one: Resource, attribute: str, kind: str) -> str:
    """Full name of the resource whose policy it is."""
    site = context.site(one)
    text = text_of(one.values.get(attribute)) if one.values.get(attribute) is not None else ""
    if not kind:
        scope = {"project": names.PROJECTS, "folder": names.FOLDERS, "org_id": names.ORGANIZATIONS}[attribute]
        name = text.rpartition("/")[2] if text else google_names.project_of(one.values.get, one.home)
        return site.id(scope + name)
    if "/" in text and kind != "google_storage_bucket":
        service = (google_names.full_name(kind, "", lambda _: None, one.home) or "").removeprefix("//").partition("/")[0]
        return site.id(f"//{service}/{text}")
    stated = dict(one.values)
    stated |= dict.fromkeys(("name", "secret_id", "dataset_id", "repository_id", "email"), text)
    return site.id(google_names.full_name(kind, one.address, stated.get, one.home) or text)


def _bindings(data: Value) -> list[dict[str, Value]] | None:
    try:
        found = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        found = None
    bindings = found.get("bindings") if isinstance(found, dict) else None
    return [one for one in bindings if isinstance(one, dict)] if isinstance(bindings, list) else None


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(google_names.STORES, _store),
    **dict.fromkeys(google_names.RUNTIMES, _runtime),
    "google_service_account": _account,
    "google_service_account_key": _key,
    "google_secret_manager_secret": _secret,
    **dict.fromkeys(google_names.CUSTOM_ROLES, _custom),
    "google_iam_deny_policy": _denial,
    **{f"{start}_iam_{form}": _policy for start in _POLICIES for form in ("member", "binding", "policy")},
}
