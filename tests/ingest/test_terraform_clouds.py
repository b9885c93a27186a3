"""Resources of Terraform's other providers: Google Cloud, Azure, Kubernetes, and AWS by way of CloudFormation's types."""

from __future__ import annotations

import json
from typing import Any

from graphinv.ingest import terraform
from graphinv.ingest.grants import Known, evaluate
from graphinv.model.facts import EdgeFact, Grant, NodeFact, Ref
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake, fingerprint


def read(text: str) -> Facts:
    return linked(terraform, {"infra/main.tf": text})


def reached(facts: Facts) -> set[tuple[str, str, str]]:
    """(kind, source, target) of the edges that the grants give."""
    nodes = [fact for fact in facts.all if isinstance(fact, NodeFact)]
    known = Known.of(nodes, facts.edges)
    found = evaluate((fact for fact in facts.all if isinstance(fact, Grant)), known)
    return {(edge.kind, _end(edge.source), _end(edge.target)) for edge in found if isinstance(edge, EdgeFact)}


def _end(end: Any) -> str:
    assert not isinstance(end, Ref)
    return str(end[1])


GOOGLE = """
provider "google" { project = "shop-prod" }
resource "google_service_account" "bot" {
  account_id   = "bot"
  display_name = "Desk bot"
}
resource "google_service_account" "boss" { account_id = "boss" }
resource "google_storage_bucket" "ledger" {
  name   = "acme-ledger"
  labels = { environment = "prod" }
}
resource "google_storage_bucket_iam_member" "bot" {
  bucket = google_storage_bucket.ledger.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.bot.member
}
resource "google_project_iam_binding" "boss" {
  project = "shop-prod"
  role    = "roles/owner"
  members = ["serviceAccount:${google_service_account.boss.email}"]
}
resource "google_service_account_iam_member" "become" {
  service_account_id = google_service_account.boss.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${google_service_account.bot.email}"
}
resource "google_cloud_run_v2_service" "desk" {
  name     = "desk"
  location = "europe-west1"
  template {
    service_account = google_service_account.bot.email
    containers {
      image = "acme/desk"
      env {
        name  = "CRM_TOKEN"
        value = "%%TOKEN%%"
      }
    }
  }
}
resource "google_service_account_key" "k" { service_account_id = google_service_account.boss.name }
"""


def test_google_accounts_their_policies_and_what_runs_as_them() -> None:
    token = fake("crm", "gh" + "p_")
    facts = read(GOOGLE.replace("%%TOKEN%%", token))
    bot, boss = (f"gcp:{name}@shop-prod.iam.gserviceaccount.com" for name in ("bot", "boss"))
    run = "//run.googleapis.com/projects/shop-prod/locations/europe-west1/services/desk"
    assert facts.nodes["Identity", bot]["name"] == "Desk bot"
    assert facts.drawn("RUNS_AS") == {(run, bot)}
    assert facts.targets("HOLDS", run) == {f"secret:{fingerprint(token)}"}
    assert facts.drawn("AUTHENTICATES_AS") == {("terraform:google_service_account_key.k(shop.infra)", boss)}
    edges = reached(facts)
    assert ("CAN_ACCESS", bot, "//storage.googleapis.com/acme-ledger") in edges
    assert ("ASSUMES", bot, boss) in edges
    assert ("CAN_ACCESS", boss, "//cloudresourcemanager.googleapis.com/projects/shop-prod") in edges
    assert ("CAN_ACCESS", boss, run) in edges


def test_azure_identities_and_their_roles() -> None:
    secret = fake("vault")
    facts = read(f"""
    resource "azurerm_resource_group" "rg" {{
      name     = "shop"
      location = "westeurope"
    }}
    resource "azurerm_storage_account" "ledger" {{
      name                = "acmeledger"
      resource_group_name = azurerm_resource_group.rg.name
    }}
    resource "azurerm_user_assigned_identity" "bot" {{
      name                = "bot"
      resource_group_name = azurerm_resource_group.rg.name
    }}
    resource "azurerm_linux_function_app" "desk" {{
      name                = "desk"
      resource_group_name = azurerm_resource_group.rg.name
      app_settings        = {{ API_KEY = "{secret}" }}
      identity {{
        type         = "SystemAssigned, UserAssigned"
        identity_ids = [azurerm_user_assigned_identity.bot.id]
      }}
    }}
    resource "azurerm_role_assignment" "one" {{
      scope                = azurerm_storage_account.ledger.id
      role_definition_name = "Storage Blob Data Contributor"
      principal_id         = azurerm_user_assigned_identity.bot.principal_id
    }}
    resource "azurerm_role_assignment" "two" {{
      scope                = azurerm_resource_group.rg.id
      role_definition_name = "Contributor"
      principal_id         = azurerm_linux_function_app.desk.identity[0].principal_id
    }}
    """)
    group = "/subscriptions/azurerm.subscription(shop.infra)/resourcegroups/shop"
    app, ledger = f"{group}/providers/microsoft.web/sites/desk", f"{group}/providers/microsoft.storage/storageaccounts/acmeledger"
    bot = "entra:azurerm_user_assigned_identity.bot.principal_id(shop.infra)"
    own = "entra:azurerm_linux_function_app.desk.identity[0].principal_id(shop.infra)"
    assert facts.drawn("RUNS_AS") == {(app, bot), (app, own)}
    assert facts.targets("HOLDS", app) == {f"secret:{fingerprint(secret)}"}
    edges = reached(facts)
    assert ("CAN_ACCESS", bot, ledger) in edges
    assert ("CAN_ACCESS", own, ledger) in edges
    assert ("CAN_ACCESS", bot, app) not in edges


def test_names_of_fields_and_files_are_no_credentials() -> None:
    facts = read("""
    variable "given" { type = map(string) }
    resource "okta_user" "ana" {
      login    = "ana@acme.example"
      password = lookup(var.given, "password", null)
      pin      = var.given["kind"] == "password" ? null : file("${path.module}/pin.txt")
    }
    """)
    assert [node.id for node in facts.all if isinstance(node, NodeFact) and node.kind == "Secret"] == []
    word = fake("lookup", length=24)
    facts = read(
        'variable "given" {}\nresource "okta_user" "ana" {\n  password = lookup(var.given, "password", "PLACED")\n}\n'.replace(
            "PLACED", word
        )
    )
    assert ("Secret", f"secret:{fingerprint(word)}") in facts.nodes


def test_an_eligible_role_of_azure_has_to_be_activated() -> None:
    scope, principal = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-00000000000b"
    facts = read(f"""
    resource "azurerm_pim_eligible_role_assignment" "ops" {{
      scope              = "{scope}"
      role_definition_id = "{scope}/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
      principal_id       = "{principal}"
    }}
    """)
    (body,) = [json.loads(one.body) for one in facts.all if isinstance(one, Grant)]
    assert body["condition"] == "eligible: has to be activated first"


def test_kubernetes_accounts_roles_and_what_runs_as_them() -> None:
    facts = read("""
    resource "kubernetes_service_account_v1" "bot" {
      metadata {
        name        = "bot"
        namespace   = "desk"
        annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.bot.arn }
      }
    }
    resource "aws_iam_role" "bot" {
      name               = "bot"
      assume_role_policy = "{}"
    }
    resource "kubernetes_role" "reader" {
      metadata {
        name      = "reader"
        namespace = "desk"
      }
      rule {
        api_groups = [""]
        resources  = ["secrets"]
        verbs      = ["get", "list"]
      }
    }
    resource "kubernetes_role_binding" "reader" {
      metadata {
        name      = "reader"
        namespace = "desk"
      }
      role_ref {
        api_group = "rbac.authorization.k8s.io"
        kind      = "Role"
        name      = "reader"
      }
      subject {
        kind      = "ServiceAccount"
        name      = kubernetes_service_account_v1.bot.metadata[0].name
        namespace = "desk"
      }
    }
    resource "kubernetes_secret" "crm" {
      metadata {
        name      = "crm"
        namespace = "desk"
      }
      data = { token = "plain words" }
    }
    resource "kubernetes_deployment" "desk" {
      metadata {
        name      = "desk"
        namespace = "desk"
      }
      spec {
        template {
          spec {
            service_account_name = "bot"
            container {
              image = "acme/desk:1"
              env {
                name = "TOKEN"
                value_from {
                  secret_key_ref {
                    name = "crm"
                    key  = "token"
                  }
                }
              }
            }
          }
        }
      }
    }
    """)
    bot, desk, crm = "k8s:shop/desk/ServiceAccount/bot", "k8s:shop/desk/Deployment/desk", "k8s:shop/desk/Secret/crm"
    assert facts.drawn("RUNS_AS") == {(desk, bot)}
    assert facts.drawn("HOLDS") == {(desk, crm)}
    assert facts.drawn("ASSUMES") == {(bot, "arn:aws:iam::account(shop):role/bot")}
    assert facts.nodes["Secret", crm]["fingerprint"] == fingerprint("plain words")
    assert facts.nodes["Runtime", desk]["labels"] == ["image=acme/desk:1", "manifest=infra/main.tf"]
    assert ("CAN_ACCESS", bot, crm) in reached(facts)
    assert "plain words" not in repr(facts.all)


def test_types_of_cloud_control() -> None:
    facts = read("""
    resource "awscc_iam_role" "desk" {
      role_name                   = "desk"
      assume_role_policy_document = jsonencode({ Statement = [] })
      policies                    = [{ policy_name = "p", policy_document = jsonencode({ Statement = [] }) }]
    }
    resource "awscc_bedrock_agent" "desk" {
      agent_name              = "desk"
      agent_resource_role_arn = awscc_iam_role.desk.arn
      action_groups           = [{ action_group_name = "g", function_schema = { functions = [{ name = "f" }] } }]
    }
    resource "awscc_bedrock_agent_alias" "live" { agent_id = awscc_bedrock_agent.desk.agent_id }
    resource "aws_bedrockagent_agent" "boss" {
      agent_name              = "boss"
      agent_resource_role_arn = awscc_iam_role.desk.arn
    }
    resource "aws_bedrockagent_agent_collaborator" "c" {
      agent_id = aws_bedrockagent_agent.boss.agent_id
      agent_descriptor { alias_arn = awscc_bedrock_agent_alias.live.agent_alias_arn }
    }
    """)
    base, role = "arn:aws:bedrock:region(shop):account(shop):agent", "arn:aws:iam::account(shop):role/desk"
    assert facts.drawn("RUNS_AS") == {(f"{base}/desk", role), (f"{base}/boss", role)}
    assert facts.drawn("DELEGATES_TO") == {(f"{base}/boss", f"{base}/desk")}
    assert facts.targets("PROVIDES", f"{base}/desk/action-group/g") == {f"{base}/desk/action-group/g/f"}
    given = [(one.subject[1], one.role, json.loads(one.body)) for one in facts.all if isinstance(one, Grant)]
    assert given == [(role, "trust", {"Statement": []}), (role, "identity", {"Statement": []})]


def test_a_deny_policy_of_google_is_a_denial_where_it_hangs() -> None:
    facts = read("""
    resource "google_iam_deny_policy" "no" {
      parent = urlencode("cloudresourcemanager.googleapis.com/projects/shop-prod")
      name   = "no-keys"
      rules {
        deny_rule {
          denied_principals    = ["principalSet://goog/public:all"]
          denied_permissions   = ["iam.googleapis.com/serviceAccountKeys.create"]
          exception_principals = ["principal://goog/subject/ada@quillmere.example"]
        }
      }
    }
    """)
    (grant,) = [one for one in facts.all if isinstance(one, Grant)]
    assert (grant.role, grant.subject[1]) == ("denial", "//cloudresourcemanager.googleapis.com/projects/shop-prod")
    body = json.loads(grant.body)
    assert body["permissions"] == ["iam.googleapis.com/serviceAccountKeys.create"]
    assert (body["denied"], body["excepted"]) == (["principalSet://goog/public:all"], ["principal://goog/subject/ada@quillmere.example"])
    assert not body["condition"]
    open_end = read('resource "google_iam_deny_policy" "no" {\n  parent = var.there\n  name = "no-keys"\n}\n')
    message = "what the deny policy no-keys hangs on is not known; it is not applied: what it denies counts as allowed"
    assert open_end.problems == [("L1", "warning", message)]


FOUNDRY = """
resource "azurerm_resource_group" "shop" { name = "shop" }
resource "azapi_resource" "account" {
  type      = "Microsoft.CognitiveServices/accounts@2025-06-01"
  name      = "ai"
  parent_id = azurerm_resource_group.shop.id
  body      = { kind = "AIServices" }
}
resource "azapi_resource" "project" {
  type      = "Microsoft.CognitiveServices/accounts/projects@2025-06-01"
  name      = "desk"
  parent_id = azapi_resource.account.id
  identity { type = "SystemAssigned" }
}
resource "azurerm_cognitive_account" "other" {
  name                = "other"
  resource_group_name = azurerm_resource_group.shop.name
}
resource "azurerm_cognitive_account_project" "chat" {
  name                 = "chat"
  cognitive_account_id = azurerm_cognitive_account.other.id
  identity { type = "SystemAssigned" }
}
resource "azurerm_cosmosdb_account" "orders" {
  name                = "orders"
  resource_group_name = azurerm_resource_group.shop.name
}
resource "azurerm_cosmosdb_sql_role_assignment" "desk" {
  resource_group_name = azurerm_resource_group.shop.name
  account_name        = azurerm_cosmosdb_account.orders.name
  role_definition_id  = "${azurerm_cosmosdb_account.orders.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001"
  principal_id        = azapi_resource.project.output.identity.principalId
  scope               = azurerm_cosmosdb_account.orders.id
}
resource "azurerm_role_assignment" "desk" {
  scope                = azapi_resource.account.id
  role_definition_name = "Cognitive Services OpenAI User"
  principal_id         = azapi_resource.project.identity[0].principal_id
}
"""


def test_a_project_of_foundry_in_terraform_runs_as_itself() -> None:
    facts = read(FOUNDRY)
    group = "/subscriptions/azurerm.subscription(shop.infra)/resourcegroups/shop/providers"
    account = f"{group}/microsoft.cognitiveservices/accounts/ai"
    desk = "entra:azapi_resource.project.identity[0].principal_id(shop.infra)"
    assert facts.problems == []
    assert facts.targets("RUNS_AS", f"{account}/projects/desk") == {desk}
    assert facts.targets("RUNS_AS", f"{group}/microsoft.cognitiveservices/accounts/other/projects/chat")
    assert facts.props("CAN_ACCESS", desk, f"{group}/microsoft.documentdb/databaseaccounts/orders")["actions"] == ["read"]
    assert ("CAN_ACCESS", desk, account) in reached(facts)


ENGINE = """
provider "google" { project = "shop-prod" }
resource "google_service_account" "agent" { account_id = "agent" }
resource "google_secret_manager_secret" "stripe" { secret_id = "stripe" }
resource "google_vertex_ai_reasoning_engine" "desk" {
  display_name = "desk"
  region       = "europe-west1"
  spec {
    agent_framework = "google-adk"
    service_account = google_service_account.agent.email
    container_spec { image_uri = "europe-docker.pkg.dev/shop/agents/desk:1" }
    deployment_spec {
      env {
        name  = "API_KEY"
        value = "%s"
      }
      secret_env {
        name = "STRIPE"
        secret_ref {
          secret  = google_secret_manager_secret.stripe.secret_id
          version = "latest"
        }
      }
    }
  }
}
resource "google_cloud_run_v2_service" "web" {
  name     = "web"
  location = "europe-west1"
  template {
    containers {
      image = "europe-docker.pkg.dev/shop/web:1"
      env {
        name = "STRIPE"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.stripe.id
            version = "1"
          }
        }
      }
    }
  }
}
resource "google_cloudfunctions2_function" "pay" {
  name     = "pay"
  location = "europe-west1"
  service_config {
    secret_environment_variables {
      key        = "STRIPE"
      project_id = "other"
      secret     = "stripe"
      version    = "latest"
    }
  }
}
"""


def test_an_agent_engine_runs_as_its_account_and_secrets_of_google_are_held() -> None:
    value = fake("engine")
    facts = read(ENGINE % value)
    stripe = "//secretmanager.googleapis.com/projects/shop-prod/secrets/stripe"
    desk = "//aiplatform.googleapis.com/projects/shop-prod/locations/europe-west1/reasoningEngines/desk"
    assert facts.problems == []
    assert facts.targets("RUNS_AS", desk) == {"gcp:agent@shop-prod.iam.gserviceaccount.com"}
    assert {stripe} < facts.targets("HOLDS", desk)
    assert fingerprint(value) in {facts.nodes["Secret", id].get("fingerprint") for id in facts.targets("HOLDS", desk) - {stripe}}
    assert "image=europe-docker.pkg.dev/shop/agents/desk:1" in facts.nodes["Runtime", desk]["labels"]
    assert facts.targets("HOLDS", "//run.googleapis.com/projects/shop-prod/locations/europe-west1/services/web") == {stripe}
    pay = "//cloudfunctions.googleapis.com/projects/shop-prod/locations/europe-west1/functions/pay"
    assert facts.targets("HOLDS", pay) == {stripe.replace("shop-prod", "other")}


MANIFESTS = """
resource "kubernetes_manifest" "account" {
  manifest = {
    apiVersion = "v1"
    kind       = "ServiceAccount"
    metadata = {
      name        = "bot"
      namespace   = "agents"
      annotations = { "eks.amazonaws.com/role-arn" = "arn:aws:iam::123456789012:role/bot" }
    }
  }
}
resource "kubernetes_manifest" "reads" {
  manifest = {
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "ClusterRole"
    metadata   = { name = "reads" }
    rules      = [{ apiGroups = [""], resources = ["secrets"], verbs = ["get"] }]
  }
}
resource "kubectl_manifest" "rest" {
  yaml_body = <<-YAML
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata: {name: bot}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads}
    subjects:
      - {kind: ServiceAccount, name: bot, namespace: agents}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: bot, namespace: agents}
    spec:
      template:
        spec:
          serviceAccountName: bot
          containers:
            - name: main
              image: ghcr.io/quillmere/bot:1
              env:
                - name: TOKEN
                  valueFrom: {secretKeyRef: {name: tokens, key: t}}
    ---
    apiVersion: kagent.dev/v1alpha2
    kind: Agent
    metadata: {name: helper, namespace: agents}
  YAML
}
resource "kubernetes_manifest" "unknown" { manifest = yamldecode(file("gone.yaml")) }
"""


def test_manifests_of_kubernetes_in_terraform() -> None:
    facts = read(MANIFESTS)
    bot = "k8s:shop/agents/ServiceAccount/bot"
    running = next(id for kind, id in facts.nodes if kind == "Runtime")
    assert facts.targets("ASSUMES", bot) == {"arn:aws:iam::123456789012:role/bot"}
    assert facts.targets("RUNS_AS", running) == {bot}
    assert facts.targets("HOLDS", running) == {"k8s:shop/agents/Secret/tokens"}
    assert {("rules", None), ("binding", bot)} <= {
        (one.role, one.subject[1] if one.role == "binding" else None) for one in facts.all if isinstance(one, Grant)
    }
    assert [(severity, "Agent" in message) for _, severity, message in facts.problems] == [("note", True), ("warning", False)]
