"""Names of Google Cloud's resources as far as configuration tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.naming import Home

# Type of resource → its full name without ``//``, with its project and name, and the attribute that holds the name.
STORES: Mapping[str, tuple[str, str, str]] = {
    "google_storage_bucket": ("bucket", "storage.googleapis.com/{name}", "name"),
    "google_bigquery_dataset": ("dataset", "bigquery.googleapis.com/projects/{project}/datasets/{name}", "dataset_id"),
    "google_pubsub_topic": ("topic", "pubsub.googleapis.com/projects/{project}/topics/{name}", "name"),
    "google_sql_database_instance": ("database", "cloudsql.googleapis.com/projects/{project}/instances/{name}", "name"),
    "google_container_cluster": ("cluster", "container.googleapis.com/projects/{project}/locations/{location}/clusters/{name}", "name"),
    "google_artifact_registry_repository": (
        "image_repository",
        "artifactregistry.googleapis.com/projects/{project}/locations/{location}/repositories/{name}",
        "repository_id",
    ),
}
RUNTIMES: Mapping[str, tuple[str, str]] = {
    "google_compute_instance": ("vm", "compute.googleapis.com/projects/{project}/zones/{location}/instances/{name}"),
    "google_cloud_run_service": ("container", "run.googleapis.com/projects/{project}/locations/{location}/services/{name}"),
    "google_cloud_run_v2_service": ("container", "run.googleapis.com/projects/{project}/locations/{location}/services/{name}"),
    "google_vertex_ai_reasoning_engine": (
        "container",
        "aiplatform.googleapis.com/projects/{project}/locations/{location}/reasoningEngines/{name}",
    ),
    "google_compute_instance_template": ("vm", "compute.googleapis.com/projects/{project}/global/instanceTemplates/{name}"),
    "google_container_node_pool": ("vm", "container.googleapis.com/projects/{project}/locations/{location}/nodePools/{name}"),
    "google_dataproc_cluster": ("vm", "dataproc.googleapis.com/projects/{project}/regions/{location}/clusters/{name}"),
    "google_composer_environment": ("vm", "composer.googleapis.com/projects/{project}/locations/{location}/environments/{name}"),
    "google_cloudbuild_trigger": ("ci_job", "cloudbuild.googleapis.com/projects/{project}/locations/{location}/triggers/{name}"),
    "google_workflows_workflow": ("job", "workflows.googleapis.com/projects/{project}/locations/{location}/workflows/{name}"),
    "google_cloud_scheduler_job": ("job", "cloudscheduler.googleapis.com/projects/{project}/locations/{location}/jobs/{name}"),
    "google_cloud_run_v2_job": ("job", "run.googleapis.com/projects/{project}/locations/{location}/jobs/{name}"),
    **dict.fromkeys(
        ("google_cloudfunctions_function", "google_cloudfunctions2_function"),
        ("function", "cloudfunctions.googleapis.com/projects/{project}/locations/{location}/functions/{name}"),
    ),
}
IN_SECRET_MANAGER = "secretmanager.googleapis.com/projects/{project}/secrets/{name}"  # noqa: S105 - a pattern of names
CUSTOM_ROLES = ("google_project_iam_custom_role", "google_organization_iam_custom_role")
ACCOUNT = "iam.googleapis.com/projects/{project}/serviceAccounts/{name}"

Get = Callable[[str], Value]


def project_of(get: Get, home: Home) -> str:
    """The project of a resource: its own, that of the provider, or what stands for one that is not told."""
    given = get("project")
    return text_of(given) if isinstance(given, (str, Unknown)) and given else home.project or text_of(Unknown("google.project"))


def email_of(get: Get, address: str, home: Home) -> str:
    """E-mail of a service account that is declared."""
    given = get("email")
    if isinstance(given, str) and given:
        return given
    name = get("account_id")
    name = text_of(name) if isinstance(name, (str, Unknown)) and name else text_of(Unknown(address))
    return name if "@" in name else f"{name}@{project_of(get, home)}.iam.gserviceaccount.com"


def full_name(kind: str, address: str, get: Get, home: Home) -> str | None:
    """Full name of a resource (``//service/…``); None for types whose names are not known here."""
    if kind in STORES:
        _, pattern, attribute = STORES[kind]
    elif kind in RUNTIMES:
        pattern, attribute = RUNTIMES[kind][1], "name"
    elif kind == "google_secret_manager_secret":
        pattern, attribute = IN_SECRET_MANAGER, "secret_id"
    elif kind == "google_service_account":
        return "//" + ACCOUNT.format(project=project_of(get, home), name=email_of(get, address, home))
    else:
        return None
    name = get(attribute) or (get("display_name") if kind in RUNTIMES else None)
    name = text_of(name) if isinstance(name, (str, Unknown)) and name else text_of(Unknown(address))
    places = (get("location"), get("zone"), get("region"))
    location = next((text_of(place) for place in places if isinstance(place, (str, Unknown)) and place), "-")
    return "//" + pattern.format(project=project_of(get, home), name=name.rpartition("/")[2], location=location)


def role_name(kind: str, get: Get, home: Home) -> str:
    """Name of a role of one's own, of a project or an organisation."""
    project = kind == "google_project_iam_custom_role"
    scope = f"projects/{project_of(get, home)}" if project else f"organizations/{text_of(get('org_id'))}"
    return f"{scope}/roles/{text_of(get('role_id'))}"


def computed(kind: str, address: str, attribute: str, get: Get, home: Home) -> Value:
    """An attribute that a resource's block does not state."""
    if kind in ("google_client_config", "google_project") and attribute in ("project", "project_id"):
        return project_of(get, home)
    if kind == "google_service_account":
        email = email_of(get, address, home)
        named = {"email": email, "member": f"serviceAccount:{email}"}
        named |= dict.fromkeys(("name", "id"), f"projects/{project_of(get, home)}/serviceAccounts/{email}")
        return named.get(attribute, Unknown(f"{address}.{attribute}"))
    if kind in CUSTOM_ROLES and attribute in ("id", "name"):
        return role_name(kind, get, home)
    name = full_name(kind, address, get, home)
    if name is not None and attribute in ("id", "name", "self_link"):
        inner = name.partition("googleapis.com/")[2]
        return inner.rpartition("/")[2] if kind == "google_storage_bucket" else inner
    return Unknown(f"{address}.{attribute}")
