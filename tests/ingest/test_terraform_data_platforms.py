"""Resources of Terraform's providers for Snowflake and Databricks."""

from __future__ import annotations

import json

from graphinv.ingest import snowflake_grants, terraform_state
from graphinv.model.facts import Grant
from tests.ingest.reading import Facts, document, fake, fingerprint, shown
from tests.ingest.test_terraform_clouds import read

SNOWFLAKE = """
resource "snowflake_database" "lake" { name = "LAKE" }
resource "snowflake_schema" "raw" {
  database = snowflake_database.lake.name
  name     = "RAW"
}
resource "snowflake_warehouse" "small" { name = "SMALL" }
resource "snowflake_account_role" "agent" { name = "AGENT" }
resource "snowflake_account_role" "reader" { name = "READER" }
resource "snowflake_service_user" "desk" {
  name         = "DESK"
  default_role = snowflake_account_role.agent.name
  default_workload_identity {
    aws { arn = "arn:aws:iam::123456789012:role/desk" }
  }
}
resource "snowflake_legacy_service_user" "old" {
  name     = "OLD"
  password = "%s"
}
resource "snowflake_grant_account_role" "desk" {
  role_name = snowflake_account_role.agent.name
  user_name = snowflake_service_user.desk.name
}
resource "snowflake_grant_account_role" "reader" {
  role_name        = snowflake_account_role.reader.name
  parent_role_name = snowflake_account_role.agent.name
}
resource "snowflake_grant_account_role" "top" {
  role_name        = snowflake_account_role.agent.name
  parent_role_name = "SYSADMIN"
}
resource "snowflake_grant_privileges_to_account_role" "warehouse" {
  account_role_name = snowflake_account_role.agent.name
  privileges        = ["USAGE", "OPERATE"]
  on_account_object {
    object_type = "WAREHOUSE"
    object_name = snowflake_warehouse.small.name
  }
}
resource "snowflake_grant_privileges_to_account_role" "schema" {
  account_role_name = snowflake_account_role.agent.name
  privileges        = ["USAGE", "CREATE TABLE"]
  on_schema { schema_name = snowflake_schema.raw.fully_qualified_name }
}
resource "snowflake_grant_privileges_to_account_role" "tables" {
  account_role_name = snowflake_account_role.reader.name
  privileges        = ["SELECT"]
  on_schema_object {
    future {
      object_type_plural = "TABLES"
      in_schema          = "\\"LAKE\\".\\"RAW\\""
    }
  }
}
resource "snowflake_grant_privileges_to_account_role" "one" {
  account_role_name = snowflake_account_role.reader.name
  all_privileges    = true
  on_schema_object {
    object_type = "TABLE"
    object_name = "${snowflake_database.lake.name}.${snowflake_schema.raw.name}.ORDERS"
  }
}
resource "snowflake_grant_privileges_to_account_role" "account" {
  account_role_name = snowflake_account_role.agent.name
  privileges        = ["MANAGE GRANTS"]
  on_account        = true
}
resource "snowflake_grant_ownership" "lake" {
  account_role_name = snowflake_account_role.agent.name
  on {
    object_type = "DATABASE"
    object_name = snowflake_database.lake.name
  }
}
"""
LAKE = "saas:snowflake/shop/LAKE"
AGENT, READER = "snowflake:shop/role/AGENT", "snowflake:shop/role/READER"


def accesses(facts: Facts) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(shown(e.source), shown(e.target), tuple(e.props["actions"])) for e in facts.edges if e.kind == "CAN_ACCESS"}


def test_roles_of_snowflake_have_what_they_are_granted() -> None:
    value = fake("snowflake")
    facts = read(SNOWFLAKE % value)
    assert facts.problems == []
    assert accesses(facts) == {
        (AGENT, "saas:snowflake/shop/SMALL", ("execute",)),
        (AGENT, f"{LAKE}.RAW", ("write",)),
        (READER, f"{LAKE}.RAW", ("read",)),
        (READER, f"{LAKE}.RAW.ORDERS", ("delete", "execute", "read", "write")),
        (AGENT, "saas:snowflake/shop", ("admin",)),
        (AGENT, LAKE, ("admin",)),
        ("snowflake:shop/role/SYSADMIN", "saas:snowflake/shop", ("delete", "execute", "write")),
    }
    assert facts.drawn("MEMBER_OF") == {
        ("snowflake:shop/user/DESK", AGENT),
        (AGENT, READER),
        ("snowflake:shop/role/SYSADMIN", AGENT),
    }
    assert facts.drawn("ASSUMES") == {("arn:aws:iam::123456789012:role/desk", "snowflake:shop/user/DESK")}
    ((secret, user),) = facts.drawn("AUTHENTICATES_AS")
    assert (user, facts.nodes["Secret", secret]["fingerprint"]) == ("snowflake:shop/user/OLD", fingerprint(value))
    assert value not in repr(facts.all)


def test_grants_of_snowflake_are_the_same_in_configuration_and_in_the_account() -> None:
    shows = "privilege,granted_on,name,granted_to,grantee_name\nSELECT,TABLE,LAKE.RAW.ORDERS,ROLE,READER\n"
    inside = Facts(snowflake_grants, document(shows, "grants.csv"))
    declared = read(SNOWFLAKE % "")
    ((source, target, _),) = accesses(inside)
    assert {(source, target)} <= {(source, target) for source, target, _ in accesses(declared)}


def test_older_grants_of_snowflake() -> None:
    facts = read("""
    resource "snowflake_role_grants" "agent" {
      role_name = "AGENT"
      roles     = ["SYSADMIN"]
      users     = ["DESK"]
    }
    resource "snowflake_table_grant" "future" {
      database_name = "LAKE"
      schema_name   = "RAW"
      privilege     = "SELECT"
      on_future     = true
      roles         = ["AGENT"]
    }
    resource "snowflake_table_grant" "one" {
      database_name = "LAKE"
      schema_name   = "RAW"
      table_name    = "ORDERS"
      privilege     = "INSERT"
      roles         = ["AGENT"]
    }
    resource "snowflake_database_grant" "lake" {
      database_name = "LAKE"
      privilege     = "OWNERSHIP"
      roles         = ["AGENT"]
    }
    """)
    assert {one for one in accesses(facts) if one[0] == AGENT} == {
        (AGENT, f"{LAKE}.RAW", ("read",)),
        (AGENT, f"{LAKE}.RAW.ORDERS", ("write",)),
        (AGENT, LAKE, ("admin",)),
    }
    assert ("snowflake:shop/user/DESK", AGENT) in facts.drawn("MEMBER_OF")


def test_what_a_share_of_snowflake_lets_others_see() -> None:
    facts = read("""
    resource "snowflake_share" "partner" { name = "PARTNER" }
    resource "snowflake_grant_privileges_to_share" "all" {
      to_share                = snowflake_share.partner.name
      privileges              = ["SELECT"]
      on_all_tables_in_schema = "LAKE.RAW"
    }
    resource "snowflake_grant_privileges_to_share" "one" {
      to_share   = snowflake_share.partner.name
      privileges = ["SELECT"]
      on_table   = "\\"LAKE\\".\\"RAW\\".\\"ORDERS\\""
    }
    resource "snowflake_grant_database_role" "reader" {
      database_role_name = "LAKE.READER"
      share_name         = snowflake_share.partner.name
    }
    """)
    share = "snowflake:shop/share/PARTNER"
    assert accesses(facts) == {(share, f"{LAKE}.RAW", ("read",)), (share, f"{LAKE}.RAW.ORDERS", ("read",))}
    assert facts.drawn("MEMBER_OF") == {(share, "snowflake:shop/role/LAKE.READER")}


def test_a_grant_of_snowflake_that_a_variable_tells_is_told() -> None:
    facts = read(
        'resource "snowflake_grant_privileges_to_account_role" "g" {\n account_role_name = "A"\n privileges = var.p\n on_account = true\n}'
    )
    assert [message for _, _, message in facts.problems] == ["which privileges on what this grants is not known from this configuration"]


DATABRICKS = """
resource "databricks_service_principal" "desk" { display_name = "Desk agent" }
resource "databricks_service_principal" "entra" {
  application_id = "7d7e4e4a-0000-4000-8000-000000000001"
  display_name   = "From Entra"
}
resource "databricks_group" "readers" { display_name = "readers" }
resource "databricks_group_member" "desk" {
  group_id  = databricks_group.readers.id
  member_id = databricks_service_principal.desk.id
}
resource "databricks_catalog" "main" { name = "main" }
resource "databricks_schema" "sales" {
  catalog_name = databricks_catalog.main.name
  name         = "sales"
}
resource "databricks_grants" "sales" {
  schema = databricks_schema.sales.id
  grant {
    principal  = databricks_group.readers.display_name
    privileges = ["USE_SCHEMA", "SELECT"]
  }
  grant {
    principal  = databricks_service_principal.desk.application_id
    privileges = ["MODIFY"]
  }
  grant {
    principal  = "ada@quillmere.example"
    privileges = ["USE SCHEMA"]
  }
}
resource "databricks_grant" "files" {
  external_location = "landing"
  principal         = "7d7e4e4a-0000-4000-8000-000000000001"
  privileges        = ["READ_FILES"]
}
resource "databricks_sql_endpoint" "small" { name = "small" }
resource "databricks_permissions" "small" {
  sql_endpoint_id = databricks_sql_endpoint.small.id
  access_control {
    service_principal_name = databricks_service_principal.desk.application_id
    permission_level       = "CAN_USE"
  }
  access_control {
    group_name       = "admins"
    permission_level = "CAN_MANAGE"
  }
}
resource "aws_iam_role" "lake" { name = "lake" }
resource "aws_iam_instance_profile" "lake" {
  name = "lake"
  role = aws_iam_role.lake.name
}
resource "databricks_group_role" "lake" {
  group_id = databricks_group.readers.id
  role     = aws_iam_instance_profile.lake.arn
}
resource "databricks_secret_scope" "agents" { name = "agents" }
resource "databricks_secret" "stripe" {
  scope        = databricks_secret_scope.agents.name
  key          = "stripe"
  string_value = "%s"
}
resource "databricks_secret_acl" "agents" {
  scope      = databricks_secret_scope.agents.id
  principal  = databricks_group.readers.display_name
  permission = "READ"
}
resource "databricks_job" "nightly" {
  name = "nightly"
  run_as { service_principal_name = databricks_service_principal.desk.application_id }
  task {
    task_key = "one"
    new_cluster {
      spark_env_vars = { STRIPE_KEY = "{{secrets/agents/stripe}}" }
      aws_attributes { instance_profile_arn = aws_iam_instance_profile.lake.arn }
    }
  }
}
resource "databricks_service_principal_secret" "desk" { service_principal_id = databricks_service_principal.desk.id }
resource "databricks_service_principal_federation_policy" "ci" {
  service_principal_id = databricks_service_principal.desk.id
  policy_id            = "ci"
  oidc_policy {
    issuer  = "https://token.actions.githubusercontent.com"
    subject = "repo:quillmere/shop:ref:refs/heads/main"
  }
}
resource "databricks_app" "chat" {
  name = "chat"
  resources = [
    { name = "wh", sql_warehouse = { id = databricks_sql_endpoint.small.id, permission = "CAN_USE" } },
    { name = "t", uc_securable = { securable_type = "TABLE", securable_full_name = "main.sales.orders", permission = "SELECT" } },
    { name = "k", secret = { scope = "agents", key = "stripe", permission = "READ" } },
  ]
}
"""
SALES = "saas:databricks/shop/schema/main.sales"
DESK = "databricks:shop/service-principals/databricks_service_principal.desk.application_id(shop.infra)"
READERS = "databricks:shop/groups/readers"
STRIPE = "databricks-secret:shop/agents/stripe"


def test_principals_of_databricks_have_what_they_are_granted() -> None:
    value = fake("databricks")
    facts = read(DATABRICKS % value)
    assert facts.problems == []
    entra = "databricks:shop/service-principals/7d7e4e4a-0000-4000-8000-000000000001"
    app = "databricks:shop/service-principals/databricks_app.chat.id(shop.infra)"
    small = "saas:databricks/shop/sql_endpoint/small"
    assert accesses(facts) == {
        (READERS, SALES, ("read",)),
        (DESK, SALES, ("delete", "write")),
        (entra, "saas:databricks/shop/external_location/landing", ("read",)),
        (DESK, small, ("execute",)),
        ("databricks:shop/groups/admins", small, ("admin",)),
        ("databricks:shop/groups/admins", "saas:databricks/shop", ("admin",)),
        (READERS, STRIPE, ("read",)),
        (app, small, ("execute",)),
        (app, "saas:databricks/shop/table/main.sales.orders", ("read",)),
    }
    assert facts.drawn("MEMBER_OF") == {(DESK, READERS)}
    role = next(id for kind, id in facts.nodes if kind == "Identity" and id.endswith(":role/lake"))
    assert facts.drawn("ASSUMES") == {("entra:7d7e4e4a-0000-4000-8000-000000000001", entra), (READERS, role)}
    assert facts.nodes["Secret", STRIPE]["fingerprint"] == fingerprint(value)
    assert value not in repr(facts.all)


def test_what_runs_on_databricks_runs_as_somebody() -> None:
    facts = read(DATABRICKS % "")
    job, app = "saas:databricks/shop/job/nightly", "saas:databricks/shop/app/chat"
    assert DESK in facts.targets("RUNS_AS", job)
    assert any(id.endswith(":role/lake") for id in facts.targets("RUNS_AS", job))
    assert facts.targets("HOLDS", job) == facts.targets("HOLDS", app) == {STRIPE}
    assert facts.targets("RUNS_AS", app) == {"databricks:shop/service-principals/databricks_app.chat.id(shop.infra)"}
    assert {target for _, target in facts.drawn("AUTHENTICATES_AS")} == {DESK}
    (trusted,) = (fact for fact in facts.all if isinstance(fact, Grant) and fact.role == "federated")
    assert (trusted.subject[1], json.loads(trusted.body)["subject"]) == (DESK, "repo:quillmere/shop:ref:refs/heads/main")


def test_a_state_of_databricks_names_by_ids() -> None:
    def one(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
        return {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]}

    app = "11111111-0000-4000-8000-000000000001"
    resources = [
        one("databricks_service_principal", "desk", {"id": "77", "application_id": app, "display_name": "Desk"}),
        one("databricks_group", "readers", {"id": "88", "display_name": "readers"}),
        one("databricks_group_member", "m", {"id": "88|77", "group_id": "88", "member_id": "77"}),
    ]
    state = {"version": 4, "terraform_version": "1.9.5", "resources": resources}
    facts = Facts(terraform_state, document(json.dumps(state), "terraform.tfstate"))
    assert facts.drawn("MEMBER_OF") == {(f"databricks:shop/service-principals/{app}", READERS)}
    assert facts.drawn("ASSUMES") == set()


def test_names_of_the_catalogue_come_from_ids_of_sets_and_of_explicit_references() -> None:
    facts = read("""
    variable "readers" { default = ["analysts", "ada@quillmere.example"] }
    resource "databricks_catalog" "dev" { name = "dev" }
    resource "databricks_schema" "gold" {
      catalog_name = databricks_catalog.dev.id
      name         = "gold"
    }
    resource "databricks_grants" "gold" {
      schema = resource.databricks_schema.gold.id
      dynamic "grant" {
        for_each = toset(var.readers)
        content {
          principal  = grant.key
          privileges = ["SELECT"]
        }
      }
    }
    """)
    gold = "saas:databricks/shop/schema/dev.gold"
    assert facts.drawn("CAN_ACCESS") == {("databricks:shop/groups/analysts", gold), ("databricks:shop/users/ada@quillmere.example", gold)}


def test_a_principal_that_nothing_tells_is_not_the_same_as_another_one() -> None:
    facts = read('resource "databricks_group_member" "m" {\n group_id = null\n member_id = ""\n}')
    assert facts.drawn("MEMBER_OF") == {
        (
            "databricks:shop/principals/databricks_group_member.m(shop.infra)",
            "databricks:shop/groups/databricks_group_member.m(shop.infra)",
        )
    }
