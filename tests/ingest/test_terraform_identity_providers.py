"""Resources of Terraform's providers for identities: Okta, Auth0, Keycloak, GitHub."""

from __future__ import annotations

import json
import random

import pytest

from graphinv.ingest import terraform
from graphinv.ingest.support.terraform.readers import READERS
from tests.ingest.linked import linked
from tests.ingest.reading import fake, fingerprint, shown
from tests.ingest.test_terraform_clouds import read

OKTA = """
provider "okta" {
  org_name = "quillmere"
  base_url = "okta.com"
}
resource "okta_app_oauth" "desk" {
  label                      = "Desk agent"
  type                       = "service"
  grant_types                = ["client_credentials"]
  response_types             = ["token"]
  token_endpoint_auth_method = "client_secret_basic"
}
resource "okta_app_oauth" "web" {
  label                      = "Web"
  type                       = "browser"
  grant_types                = ["authorization_code"]
  token_endpoint_auth_method = "none"
}
resource "okta_app_oauth_api_scope" "desk" {
  app_id = okta_app_oauth.desk.id
  issuer = "https://quillmere.okta.com"
  scopes = ["okta.users.read", "okta.roles.manage"]
}
resource "okta_app_oauth_role_assignment" "desk" {
  client_id = okta_app_oauth.desk.client_id
  type      = "HELP_DESK_ADMIN"
}
resource "okta_admin_role_custom" "lister" {
  label       = "Lister"
  permissions = ["okta.users.read", "okta.groups.read"]
}
resource "okta_app_oauth_role_assignment" "lister" {
  client_id    = okta_app_oauth.desk.client_id
  type         = "CUSTOM"
  role         = okta_admin_role_custom.lister.id
  resource_set = "iam1"
}
resource "okta_group" "ops" { name = "Operators" }
resource "okta_group_role" "ops" {
  group_id  = okta_group.ops.id
  role_type = "READ_ONLY_ADMIN"
}
resource "okta_user" "ada" {
  login      = "ada@quillmere.example"
  email      = "ada@quillmere.example"
  first_name = "Ada"
  last_name  = "A"
}
resource "okta_group_memberships" "ops" {
  group_id = okta_group.ops.id
  users    = [okta_user.ada.id]
}
resource "okta_auth_server" "orders" {
  name      = "orders"
  audiences = ["https://orders.quillmere.example"]
}
resource "okta_auth_server_policy" "agents" {
  auth_server_id   = okta_auth_server.orders.id
  name             = "agents"
  client_whitelist = [okta_app_oauth.desk.client_id]
}
resource "okta_auth_server_policy_rule" "agents" {
  auth_server_id       = okta_auth_server.orders.id
  policy_id            = okta_auth_server_policy.agents.id
  name                 = "agents"
  grant_type_whitelist = ["client_credentials"]
  scope_whitelist      = ["orders:read", "orders:write"]
}
"""
DESK = "okta:quillmere.okta.com/apps/okta_app_oauth.desk.id(shop.infra)"
OPS = "okta:quillmere.okta.com/groups/okta_group.ops.id(shop.infra)"


def test_an_application_of_okta_has_its_scopes_and_roles() -> None:
    facts = read(OKTA)
    assert facts.problems == []
    assert facts.nodes["Identity", DESK]["binding"] == "bearer"
    assert facts.nodes["Identity", DESK.replace(".desk.", ".web.")]["binding"] == "none"
    assert facts.drawn("AUTHENTICATES_AS") == {("terraform:okta_app_oauth.desk(shop.infra)", DESK)}
    held = {
        (e.props["inherited_from"], tuple(e.props["actions"])) for e in facts.edges if e.kind == "CAN_ACCESS" and shown(e.source) == DESK
    }
    assert held == {
        ("okta.users.read", ("read",)),
        ("okta.roles.manage", ("admin",)),
        ("HELP_DESK_ADMIN", ("read", "write")),
        ("Lister", ("read",)),
        ("orders:read orders:write", ("read", "write")),
    }
    assert facts.targets("CAN_ACCESS", DESK) == {"saas:okta/quillmere.okta.com", "https://orders.quillmere.example"}


def test_groups_of_okta_have_members_and_roles() -> None:
    facts = read(OKTA)
    assert facts.drawn("MEMBER_OF") == {("okta:quillmere.okta.com/users/okta_user.ada.id(shop.infra)", OPS)}
    assert facts.props("CAN_ACCESS", OPS, "saas:okta/quillmere.okta.com")["actions"] == ["read"]


def test_a_policy_of_an_authorization_server_for_all_clients_is_for_each() -> None:
    facts = read(OKTA.replace("[okta_app_oauth.desk.client_id]", '["ALL_CLIENTS"]'))
    everyone = "okta:quillmere.okta.com/groups/all-clients"
    assert facts.targets("CAN_ACCESS", everyone) == {"https://orders.quillmere.example"}
    assert {source for source, target in facts.drawn("MEMBER_OF") if target == everyone} == {DESK, DESK.replace(".desk.", ".web.")}


def test_a_rule_whose_policy_is_elsewhere_is_told() -> None:
    facts = read(OKTA.replace("policy_id            = okta_auth_server_policy.agents.id", "policy_id = var.policy"))
    assert [message for _, _, message in facts.problems] == [
        "which clients this rule lets have which interface is not known from this configuration"
    ]


AUTH0 = """
provider "auth0" { domain = "quillmere.eu.auth0.com" }
resource "auth0_resource_server" "orders" {
  name       = "Orders"
  identifier = "https://orders.quillmere.example"
}
data "auth0_resource_server" "management" { identifier = "https://quillmere.eu.auth0.com/api/v2/" }
resource "auth0_client" "desk" {
  name        = "Desk agent"
  app_type    = "non_interactive"
  grant_types = ["client_credentials"]
}
resource "auth0_client" "phone" {
  name     = "Phone"
  app_type = "native"
}
resource "auth0_client_credentials" "desk" {
  client_id             = auth0_client.desk.id
  authentication_method = "client_secret_post"
}
resource "auth0_client_grant" "orders" {
  client_id = auth0_client.desk.client_id
  audience  = auth0_resource_server.orders.identifier
  scopes    = ["orders:read"]
}
resource "auth0_client_grant" "management" {
  client_id = auth0_client.desk.id
  audience  = data.auth0_resource_server.management.identifier
  scope     = ["update:users", "delete:users"]
}
resource "auth0_client_grant" "nothing" {
  client_id = auth0_client.phone.id
  audience  = auth0_resource_server.orders.identifier
  scopes    = []
}
resource "auth0_role" "clerk" { name = "Clerk" }
resource "auth0_role_permissions" "clerk" {
  role_id = auth0_role.clerk.id
  permissions {
    resource_server_identifier = auth0_resource_server.orders.identifier
    name                       = "orders:write"
  }
}
resource "auth0_user" "ada" {
  connection_name = "db"
  email           = "ada@quillmere.example"
}
resource "auth0_user_roles" "ada" {
  user_id = auth0_user.ada.id
  roles   = [auth0_role.clerk.id]
}
"""


def test_a_client_of_auth0_has_what_it_is_granted() -> None:
    facts = read(AUTH0)
    desk = "oauth-client:shop/auth0_client.desk.id(shop.infra)"
    assert facts.problems == []
    assert facts.drawn("CAN_ACCESS", desk) == {
        (desk, "https://orders.quillmere.example"),
        (desk, "https://quillmere.eu.auth0.com/api/v2/"),
    }
    assert facts.props("CAN_ACCESS", desk, "https://quillmere.eu.auth0.com/api/v2/")["actions"] == ["delete", "read", "write"]
    assert facts.drawn("AUTHENTICATES_AS") == {("terraform:auth0_client_credentials.desk(shop.infra)", desk)}
    assert facts.nodes["Identity", desk.replace(".desk.", ".phone.")]["binding"] == "none"
    assert facts.targets("CAN_ACCESS", desk.replace(".desk.", ".phone.")) == set()


def test_roles_of_auth0_have_permissions_and_people() -> None:
    facts = read(AUTH0)
    clerk = "auth0:quillmere.eu.auth0.com/roles/auth0_role.clerk.id(shop.infra)"
    assert facts.props("CAN_ACCESS", clerk, "https://orders.quillmere.example")["actions"] == ["read", "write"]
    assert facts.drawn("MEMBER_OF") == {("auth0:quillmere.eu.auth0.com/users/auth0_user.ada.id(shop.infra)", clerk)}


KEYCLOAK = """
resource "keycloak_realm" "shop" { realm = "shop" }
resource "keycloak_openid_client" "desk" {
  realm_id                 = keycloak_realm.shop.id
  client_id                = "desk-agent"
  name                     = "Desk agent"
  access_type              = "CONFIDENTIAL"
  client_secret            = "%s"
  service_accounts_enabled = true
}
resource "keycloak_openid_client" "orders" {
  realm_id    = keycloak_realm.shop.id
  client_id   = "orders"
  access_type = "BEARER-ONLY"
}
data "keycloak_openid_client" "management" {
  realm_id  = keycloak_realm.shop.id
  client_id = "realm-management"
}
data "keycloak_role" "manage_users" {
  realm_id  = keycloak_realm.shop.id
  client_id = data.keycloak_openid_client.management.id
  name      = "manage-users"
}
resource "keycloak_openid_client_service_account_role" "desk" {
  realm_id                = keycloak_realm.shop.id
  service_account_user_id = keycloak_openid_client.desk.service_account_user_id
  client_id               = data.keycloak_openid_client.management.id
  role                    = data.keycloak_role.manage_users.name
}
resource "keycloak_role" "write" {
  realm_id  = keycloak_realm.shop.id
  client_id = keycloak_openid_client.orders.id
  name      = "orders-write"
}
resource "keycloak_role" "clerk" {
  realm_id        = keycloak_realm.shop.id
  name            = "clerk"
  composite_roles = [keycloak_role.write.id]
}
resource "keycloak_openid_client_service_account_realm_role" "desk" {
  realm_id                = keycloak_realm.shop.id
  service_account_user_id = keycloak_openid_client.desk.service_account_user_id
  role                    = keycloak_role.clerk.name
}
resource "keycloak_group" "staff" {
  realm_id = keycloak_realm.shop.id
  name     = "staff"
}
resource "keycloak_group" "night" {
  realm_id  = keycloak_realm.shop.id
  parent_id = keycloak_group.staff.id
  name      = "night"
}
resource "keycloak_group_roles" "staff" {
  realm_id = keycloak_realm.shop.id
  group_id = keycloak_group.staff.id
  role_ids = [keycloak_role.clerk.id]
}
resource "keycloak_user" "ada" {
  realm_id = keycloak_realm.shop.id
  username = "ada"
}
resource "keycloak_user_groups" "ada" {
  realm_id  = keycloak_realm.shop.id
  user_id   = keycloak_user.ada.id
  group_ids = [keycloak_group.night.id]
}
"""
REALM = "keycloak:shop/shop"


def test_clients_and_roles_of_keycloak_have_the_ids_of_an_export() -> None:
    value = fake("keycloak")
    facts = read(KEYCLOAK % value)
    assert facts.problems == []
    desk, clerk, write = f"{REALM}/clients/desk-agent", f"{REALM}/roles/clerk", f"{REALM}/clients/orders/roles/orders-write"
    manage = f"{REALM}/clients/realm-management/roles/manage-users"
    assert facts.targets("MEMBER_OF", desk) == {manage, clerk}
    assert facts.targets("MEMBER_OF", clerk) == {write}
    assert facts.props("CAN_ACCESS", manage, "saas:keycloak/shop/shop")["actions"] == ["admin"]
    guess = next(edge.props for edge in facts.edges if edge.kind == "CAN_ACCESS" and shown(edge.source) == write)
    assert (guess["actions"], guess["evidence"], guess["confidence"]) == (["read", "write"], ["inferred"], 0.6)
    ((secret, client),) = facts.drawn("AUTHENTICATES_AS")
    assert (client, facts.nodes["Secret", secret]["fingerprint"]) == (desk, fingerprint(value))
    assert value not in repr(facts.all)


def test_groups_of_keycloak_lie_in_each_other() -> None:
    facts = read(KEYCLOAK % "")
    night, staff = f"{REALM}/groups/staff/night", f"{REALM}/groups/staff"
    assert {(f"{REALM}/users/ada", night), (night, staff), (staff, f"{REALM}/roles/clerk")} <= facts.drawn("MEMBER_OF")


GITHUB = """
provider "github" { owner = "quillmere" }
resource "github_repository" "shop" {
  name       = "shop"
  visibility = "private"
}
resource "github_repository" "site" {
  name       = "site"
  visibility = "public"
}
resource "github_team" "core" { name = "Core People" }
resource "github_team" "bots" {
  name           = "bots"
  parent_team_id = github_team.core.id
}
resource "github_team_repository" "core" {
  team_id    = github_team.core.id
  repository = github_repository.shop.name
  permission = "maintain"
}
resource "github_team_membership" "bot" {
  team_id  = github_team.bots.id
  username = "Quill-Bot"
}
resource "github_membership" "ada" {
  username = "ada"
  role     = "admin"
}
resource "github_repository_collaborators" "site" {
  repository = "site"
  user {
    username   = "visitor"
    permission = "pull"
  }
  team {
    team_id    = "core-people"
    permission = "Our role"
  }
}
resource "github_actions_secret" "key" {
  repository      = github_repository.shop.name
  secret_name     = "STRIPE_KEY"
  plaintext_value = "%s"
}
resource "tls_private_key" "deploy" { algorithm = "ED25519" }
resource "github_repository_deploy_key" "deploy" {
  repository = "shop"
  title      = "deployer"
  key        = tls_private_key.deploy.public_key_openssh
  read_only  = false
}
"""


def test_who_may_do_what_in_repositories_of_github() -> None:
    value = fake("stripe", "sk_live_")
    facts = read(GITHUB % value)
    core = "github-team:quillmere/core-people"
    push = ["delete", "execute", "read", "write"]
    assert facts.problems == []
    assert facts.props("CAN_ACCESS", core, "github:quillmere/shop")["actions"] == push
    assert facts.props("CAN_ACCESS", core, "github:quillmere/site")["evidence"] == ["inferred"]
    assert facts.props("CAN_ACCESS", "github-user:visitor", "github:quillmere/site")["actions"] == ["read"]
    assert facts.props("CAN_ACCESS", "github-user:ada", "github:quillmere")["actions"] == ["admin"]
    assert facts.drawn("MEMBER_OF") == {
        ("github-user:quill-bot", "github-team:quillmere/bots"),
        ("github-team:quillmere/bots", core),
    }
    assert facts.nodes["Resource", "github:quillmere/site"]["sensitivity"] == "public"
    assert "sensitivity" not in facts.nodes["Resource", "github:quillmere/shop"]
    assert facts.nodes["Secret", "github-secret:quillmere/shop#STRIPE_KEY"]["fingerprint"] == fingerprint(value)
    key = "github-deploy-key:quillmere/shop/deployer"
    assert facts.props("CAN_ACCESS", key, "github:quillmere/shop")["actions"] == push
    assert facts.drawn("AUTHENTICATES_AS") == {("terraform:tls_private_key.deploy(shop.infra)", key)}
    assert value not in repr(facts.all)


PROVIDERS = ("okta", "auth0", "keycloak", "github", "snowflake", "databricks", "kubectl")
ODD: list[object] = [
    None,
    7,
    True,
    "",
    "x",
    "${var.a}",
    "${okta_group.a.id}",
    "kind: [",
    "kind: Role\nrules: 7\nmetadata: [1]",
    {"kind": "RoleBinding", "roleRef": [1], "subjects": {"a": 1}},
    [],
    [1, None, ["y"]],
    {},
    {"name": [1], "secret": 3},
    [{"permission": {}}],
]
NAMES = (
    "id name label app_id client_id scopes type users groups group_id user_id role_id roles realm_id role access_type policy_id "
    "auth_server_id grant_type_whitelist client_whitelist audience identifier permissions repository team_id user team members username "
    "principal privileges grant schema access_control resources run_as config scope key on_account_object on_schema_object on "
    "account_role_name default_workload_identity database_name privilege oidc_policy spark_env_vars parent_id composite_roles "
    "manifest yaml_body body identity"
)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_values_of_any_shape_give_facts_or_problems(provider: str) -> None:
    chance = random.Random(provider)
    kinds = sorted(kind for kind in READERS if kind.startswith(f"{provider}_"))
    seen = 0
    for _ in range(20):
        resources = {kind: {"a": {name: chance.choice(ODD) for name in chance.sample(NAMES.split(), 30)}} for kind in kinds}
        facts = linked(terraform, {"infra/main.tf.json": json.dumps({"resource": resources})})
        seen += len(facts.all)
    assert seen
