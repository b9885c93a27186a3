"""Terraform's Google Cloud provider: policies of any resource, roles of one's own, and what runs as a service account."""

from __future__ import annotations

import json

from graphinv.model.facts import Grant
from tests.ingest.test_terraform_clouds import reached, read


def test_policies_of_any_resource_of_google() -> None:
    facts = read("""
    provider "google" { project = "shop-prod" }
    resource "google_kms_crypto_key_iam_member" "bot" {
      crypto_key_id = "projects/shop-prod/locations/eu/keyRings/main/cryptoKeys/pay"
      role          = "roles/cloudkms.cryptoKeyDecrypter"
      member        = "serviceAccount:bot@shop-prod.iam.gserviceaccount.com"
    }
    resource "google_spanner_database_iam_binding" "bot" {
      instance = "main"
      database = "orders"
      role     = "roles/spanner.databaseUser"
      members  = ["serviceAccount:bot@shop-prod.iam.gserviceaccount.com"]
    }
    resource "google_organization_iam_custom_role" "own" {
      org_id      = "42"
      role_id     = "stores"
      permissions = ["storage.objects.delete"]
    }
    resource "google_project_iam_custom_role" "reads" {
      role_id     = "reads"
      permissions = ["storage.objects.get"]
    }
    resource "google_project_iam_member" "reads" {
      role   = google_project_iam_custom_role.reads.name
      member = "serviceAccount:bot@shop-prod.iam.gserviceaccount.com"
    }
    resource "google_organization_iam_member" "stores" {
      org_id = "42"
      role   = google_organization_iam_custom_role.own.id
      member = "serviceAccount:bot@shop-prod.iam.gserviceaccount.com"
    }
    """)
    assert facts.problems == []
    named = {json.loads(one.body)["role"] for one in facts.all if isinstance(one, Grant) and one.role == "binding"}
    assert {"projects/shop-prod/roles/reads", "organizations/42/roles/stores"} <= named
    bot = "gcp:bot@shop-prod.iam.gserviceaccount.com"
    found = reached(facts)
    key = "//cloudkms.googleapis.com/projects/shop-prod/locations/eu/keyRings/main/cryptoKeys/pay"
    assert ("CAN_ACCESS", bot, key) in found
    assert ("CAN_ACCESS", bot, "//spanner.googleapis.com/projects/shop-prod/databases/orders") in found
    roles = [one.subject[1] for one in facts.all if isinstance(one, Grant) and one.role == "role"]
    assert roles == ["organizations/42/roles/stores", "projects/shop-prod/roles/reads"]


def test_what_starts_machines_and_jobs_runs_as_their_account() -> None:
    account = "google_service_account.bot.email"
    facts = read(
        f"""
provider "google" {{ project = "shop-prod" }}
resource "google_service_account" "bot" {{ account_id = "bot" }}
resource "google_compute_instance_template" "web" {{
  name = "web"
  service_account {{ email = {account} }}
}}
resource "google_container_node_pool" "main" {{
  name = "main"
  node_config {{ service_account = {account} }}
}}
resource "google_dataproc_cluster" "etl" {{
  name = "etl"
  cluster_config {{
    gce_cluster_config {{ service_account = {account} }}
  }}
}}
resource "google_composer_environment" "flows" {{
  name = "flows"
  config {{
    node_config {{ service_account = {account} }}
  }}
}}
resource "google_cloudbuild_trigger" "ship" {{
  name            = "ship"
  service_account = google_service_account.bot.id
}}
resource "google_workflows_workflow" "pay" {{
  name            = "pay"
  service_account = {account}
}}
resource "google_cloud_scheduler_job" "nightly" {{
  name = "nightly"
  http_target {{
    oidc_token {{ service_account_email = {account} }}
  }}
}}
resource "google_compute_instance_template" "plain" {{ name = "plain" }}
"""
    )
    runs = {source.rpartition("/")[2]: target for source, target in facts.drawn("RUNS_AS")}
    assert set(runs) == {"web", "main", "etl", "flows", "ship", "pay", "nightly"}
    assert set(runs.values()) == {"gcp:bot@shop-prod.iam.gserviceaccount.com"}
    assert facts.problems == []
