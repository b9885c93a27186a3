"""Identities in Terraform and CloudFormation besides IAM's: Identity Center, Entra, Azure's own roles, Vault."""

from __future__ import annotations

import json

from graphinv.ingest import cloudformation, terraform
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake, fingerprint
from tests.ingest.test_terraform_clouds import reached, read

ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operators"
GROUP = "identitystore:Operators of the shop"

CENTER = """
data "aws_ssoadmin_instances" "this" {}
resource "aws_ssoadmin_permission_set" "ops" {
  name         = "Operators"
  instance_arn = tolist(data.aws_ssoadmin_instances.this.arns)[0]
}
resource "aws_ssoadmin_permission_set_inline_policy" "ops" {
  instance_arn       = aws_ssoadmin_permission_set.ops.instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.ops.arn
  inline_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::acme-ledger/*" },
    { Effect = "Allow", Action = "s3:DeleteObject", Resource = "arn:aws:s3:::acme-ledger/*" }
  ]})
}
resource "aws_ssoadmin_managed_policy_attachment" "ops" {
  permission_set_arn = aws_ssoadmin_permission_set.ops.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
}
resource "aws_ssoadmin_customer_managed_policy_attachment" "ops" {
  permission_set_arn = aws_ssoadmin_permission_set.ops.arn
  customer_managed_policy_reference {
    name = "own"
    path = "/"
  }
}
resource "aws_ssoadmin_permissions_boundary_attachment" "ops" {
  permission_set_arn = aws_ssoadmin_permission_set.ops.arn
  permissions_boundary { managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
}
resource "aws_identitystore_group" "ops" {
  display_name      = "Operators of the shop"
  identity_store_id = tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]
}
resource "aws_identitystore_user" "ada" {
  user_name    = "ada@quillmere.example"
  display_name = "Ada"
}
resource "aws_identitystore_group_membership" "ada" {
  group_id  = aws_identitystore_group.ops.group_id
  member_id = aws_identitystore_user.ada.user_id
}
resource "aws_ssoadmin_account_assignment" "ops" {
  permission_set_arn = aws_ssoadmin_permission_set.ops.arn
  principal_id       = aws_identitystore_group.ops.group_id
  principal_type     = "GROUP"
  target_id          = "123456789012"
  target_type        = "AWS_ACCOUNT"
}
"""


def grants(facts: Facts, role: str) -> list[tuple[str, str]]:
    return [(one.role, one.origin) for one in facts.all if isinstance(one, Grant) and one.subject[1] == role]


def test_a_permission_set_is_a_role_of_each_account_that_it_is_assigned_on() -> None:
    facts = read(CENTER)
    assert facts.problems == []
    assert facts.drawn("ASSUMES") == {(GROUP, ROLE)}
    assert facts.drawn("MEMBER_OF") == {("identitystore:ada@quillmere.example", GROUP)}
    assert facts.nodes["Identity", ROLE]["binding"] == "federated"
    held = grants(facts, ROLE)
    assert [role for role, _ in held] == ["identity", "identity", "identity", "boundary"]
    assert ("identity", "arn:aws:iam::123456789012:policy/own") in held
    found = reached(facts)
    assert ("CAN_ACCESS", ROLE, "arn:aws:s3:::acme-ledger") in found
    unknown = read(CENTER.replace("aws_ssoadmin_permission_set.ops.arn\n  principal_id", "var.set\n  principal_id"))
    assert [message for *_, message in unknown.problems] == [
        "assigns a permission set that is not in this configuration; what it allows is not known"
    ]


def test_identity_center_in_cloudformation() -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    arn = {"Fn::GetAtt": ["Ops", "PermissionSetArn"]}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Ops": {
                "Type": "AWS::SSO::PermissionSet",
                "Properties": {"Name": "Operators", "InlinePolicy": policy, "ManagedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            },
            "Assigned": {
                "Type": "AWS::SSO::Assignment",
                "Properties": {"PermissionSetArn": arn, "PrincipalId": "g-1", "PrincipalType": "GROUP", "TargetId": "123456789012"},
            },
        },
    }
    facts = linked(cloudformation, {"sso.json": json.dumps(template)})
    assert facts.problems == []
    assert facts.drawn("ASSUMES") == {("identitystore:g-1", ROLE)}
    assert [role for role, _ in grants(facts, ROLE)] == ["identity", "identity"]


VAULT = """
resource "vault_policy" "desk" {
  name   = "desk"
  policy = <<-EOT
    path "secret/data/desk/*" { capabilities = ["read"] }
  EOT
}
resource "vault_kubernetes_auth_backend_role" "desk" {
  backend                          = "kubernetes"
  role_name                        = "desk"
  bound_service_account_names      = ["desk"]
  bound_service_account_namespaces = ["agents"]
  token_policies                   = [vault_policy.desk.name]
  token_ttl                        = 3600
}
resource "vault_database_secret_backend_connection" "pg" {
  backend       = "database"
  name          = "orders"
  allowed_roles = ["desk"]
  postgresql { connection_url = "postgres://{{username}}:{{password}}@db.acme.example:5432/orders" }
}
resource "vault_database_secret_backend_role" "desk" {
  backend             = "database"
  name                = "desk"
  db_name             = vault_database_secret_backend_connection.pg.name
  creation_statements = ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO \\"{{name}}\\";"]
  default_ttl         = 3600
}
resource "vault_generic_endpoint" "ada" {
  path      = "auth/userpass/users/ada"
  data_json = jsonencode({ token_policies = ["desk"], password = "PLACED" })
}
"""


def test_vault_in_terraform_is_as_what_is_written_to_it() -> None:
    word = fake("vault-terraform", length=24)
    facts = read(VAULT.replace("PLACED", word))
    assert facts.problems == []
    role = "vault:shop/auth/kubernetes/role/desk"
    assert facts.nodes["Secret", f"{role}#token"]["ttl_seconds"] == 3600
    assert facts.nodes["Identity", "vault:shop/auth/userpass/role/ada"]["type"] == "human"
    roles = {(one.subject[1], one.role) for one in facts.all if isinstance(one, Grant)}
    assert {("vault:shop/sys/policies/acl/desk", "policy"), (role, "policies"), (role, "workloads")} <= roles
    assert ("Resource", "postgres://db.acme.example:5432/orders") in facts.nodes
    assert word not in repr(facts.all)
    assert fingerprint(word) not in repr([one for one in facts.all if "userpass" in repr(one)])


def test_vault_policies_that_are_not_known_are_told() -> None:
    facts = read('resource "vault_generic_endpoint" "x" {\n  path = "auth/userpass/users/x"\n  data_json = var.given\n}\n')
    assert [message for *_, message in facts.problems] == ["what is written to a path of Vault is not known from this configuration"]
    assert terraform.NAME == "terraform"


def vault_rules(facts: Facts, name: str) -> list[object]:
    (body,) = [one.body for one in facts.all if isinstance(one, Grant) and one.subject[1].endswith(f"/policies/acl/{name}")]
    rules: list[object] = json.loads(body)["value"]
    return rules


def test_a_vault_policy_of_a_policy_document_is_what_its_rules_say() -> None:
    facts = read("""
locals { shared = [{ path = "desk" }, { path = "+/desk" }] }
data "vault_policy_document" "desk" {
  dynamic "rule" {
    for_each = local.shared
    content {
      path         = "kv/data/${rule.value.path}"
      capabilities = ["read", "list"]
    }
  }
  rule {
    path         = "auth/token/create"
    capabilities = ["update"]
    allowed_parameter {
      key   = "policies"
      value = ["desk"]
    }
  }
}
resource "vault_policy" "desk" {
  name   = "desk"
  policy = data.vault_policy_document.desk.hcl
}
resource "vault_policy" "open" {
  name   = "open"
  policy = var.open
}
variable "open" {}
data "vault_policy_document" "given" {
  rule {
    path         = "kv/data/desk"
    capabilities = concat(["read"], var.open)
  }
}
resource "vault_policy" "given" {
  name   = "given"
  policy = data.vault_policy_document.given.hcl
}
""")
    assert vault_rules(facts, "desk") == [
        ["kv/data/desk", ["read", "list"], False],
        ["kv/data/+/desk", ["read", "list"], False],
        ["auth/token/create", ["update"], True],
    ]
    # What it allows is not known, of one as a whole, of another in a part of it.
    assert [message for *_, message in facts.problems] == ["a policy is not known from this configuration"] * 2


def test_a_vault_policy_that_configuration_reads_from_a_file() -> None:
    files = {
        "main.tf": """
resource "vault_policy" "ops" {
  name   = "operators"
  policy = "${file("policies/ops.hcl")}"
}
resource "vault_policy" "desk" {
  name   = "desk"
  policy = templatefile("${path.module}/policies/desk.tftpl", { mount = "kv" })
}
""",
        "policies/ops.hcl": '# everything\npath "*" {\n  capabilities = ["create", "read"]\n}\n',
        "policies/desk.tftpl": 'path "${mount}/data/{{identity.entity.name}}" {\n  capabilities = ["read"]\n}\n',
    }
    facts = linked(terraform, files)
    assert facts.problems == []
    assert vault_rules(facts, "operators") == [["*", ["create", "read"], False]]
    assert vault_rules(facts, "desk") == [["kv/data/{{identity.entity.name}}", ["read"], False]]


ENTRA = """
data "azuread_application_published_app_ids" "well_known" {}
data "azuread_service_principal" "msgraph" { client_id = data.azuread_application_published_app_ids.well_known.result["MicrosoftGraph"] }
resource "azuread_application" "bot" {
  display_name = "Desk bot"
  required_resource_access {
    resource_app_id = data.azuread_application_published_app_ids.well_known.result["MicrosoftGraph"]
    resource_access {
      id   = data.azuread_service_principal.msgraph.app_role_ids["Mail.ReadWrite"]
      type = "Role"
    }
  }
}
resource "azuread_service_principal" "bot" { client_id = azuread_application.bot.client_id }
resource "azuread_application_password" "bot" { application_id = azuread_application.bot.id }
resource "azuread_application_federated_identity_credential" "ci" {
  application_id = azuread_application.bot.id
  issuer         = "https://token.actions.githubusercontent.com"
  subject        = "repo:quillmere/desk:ref:refs/heads/main"
}
resource "azuread_app_role_assignment" "bot" {
  app_role_id         = data.azuread_service_principal.msgraph.app_role_ids["Mail.ReadWrite"]
  principal_object_id = azuread_service_principal.bot.object_id
  resource_object_id  = data.azuread_service_principal.msgraph.object_id
}
resource "azuread_directory_role" "apps" { display_name = "Application Administrator" }
resource "azuread_directory_role_assignment" "bot" {
  role_id             = azuread_directory_role.apps.template_id
  principal_object_id = azuread_service_principal.bot.object_id
}
resource "azuread_group" "ops" {
  display_name = "Operators"
  members      = [azuread_service_principal.bot.id]
}
resource "azurerm_key_vault" "pay" {
  name                = "pay"
  resource_group_name = "shop"
  access_policy {
    object_id          = azuread_group.ops.object_id
    secret_permissions = ["Get", "List"]
  }
}
resource "azurerm_key_vault_access_policy" "bot" {
  key_vault_id       = azurerm_key_vault.pay.id
  object_id          = azuread_service_principal.bot.object_id
  secret_permissions = ["Get", "Set", "Purge"]
}
resource "azurerm_role_definition" "stores" {
  name  = "Stores of the shop"
  scope = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001"
  permissions {
    actions     = ["Microsoft.Storage/storageAccounts/read"]
    not_actions = []
  }
}
resource "azurerm_role_assignment" "bot" {
  scope              = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001"
  role_definition_id = azurerm_role_definition.stores.role_definition_resource_id
  principal_id       = azuread_service_principal.bot.object_id
}
"""


def test_entra_and_roles_of_ones_own_in_terraform() -> None:
    facts = read(ENTRA)
    assert facts.problems == []
    there = "(shop.infra)"
    app, principal = f"entra:azuread_application.bot.client_id{there}", f"entra:azuread_service_principal.bot.object_id{there}"
    group = f"entra:azuread_group.ops.object_id{there}"
    assert facts.nodes["Identity", app]["name"] == facts.nodes["Identity", principal]["name"] == "Desk bot"
    assert facts.drawn("ASSUMES") == {(app, principal)}
    assert facts.drawn("MEMBER_OF") == {(principal, group)}
    assert {target for _, target in facts.drawn("AUTHENTICATES_AS")} == {app}
    vault = f"/subscriptions/azurerm.subscription{there}/resourcegroups/shop/providers/microsoft.keyvault/vaults/pay"
    assert facts.props("CAN_ACCESS", principal, vault)["actions"] == ["delete", "read", "write"]
    assert facts.props("CAN_ACCESS", group, vault)["actions"] == ["read"]
    found = reached(facts)
    assert ("CAN_ACCESS", principal, "saas:microsoft/tenant(shop)/mail") in found
    assert ("CAN_ACCESS", app, "saas:microsoft/tenant(shop)/mail") in found
    stores = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/providers/microsoft.storage/storageaccounts"
    assert ("CAN_ACCESS", principal, stores) in found
    assert any(kind == "ASSUMES" and source != app and target == app and "quillmere/desk" in source for kind, source, target in found)
    roles = [json.loads(one.body)["role"] for one in facts.all if isinstance(one, Grant) and one.role == "directory-role"]
    assert roles == ["9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"]


def test_access_policies_of_a_cluster() -> None:
    facts = read("""
    resource "aws_eks_cluster" "main" { name = "main" }
    resource "aws_eks_access_policy_association" "ops" {
      cluster_name  = aws_eks_cluster.main.name
      principal_arn = "arn:aws:iam::123456789012:role/ops"
      policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
      access_scope { type = "cluster" }
    }
    resource "aws_eks_access_policy_association" "view" {
      cluster_name  = aws_eks_cluster.main.name
      principal_arn = "arn:aws:iam::123456789012:role/view"
      policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
      access_scope {
        type       = "namespace"
        namespaces = ["shop"]
      }
    }
    """)
    cluster = "arn:aws:eks:region(shop):account(shop):cluster/main"
    assert facts.props("CAN_ACCESS", "arn:aws:iam::123456789012:role/ops", cluster)["actions"] == ["admin"]
    assert facts.props("CAN_ACCESS", "arn:aws:iam::123456789012:role/view", "k8s:main/shop")["actions"] == ["read"]
    entry = {
        "Type": "AWS::EKS::AccessEntry",
        "Properties": {
            "ClusterName": "main",
            "PrincipalArn": "arn:aws:iam::123456789012:role/ops",
            "AccessPolicies": [
                {"PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", "AccessScope": {"Type": "cluster"}}
            ],
        },
    }
    made = linked(cloudformation, {"eks.json": json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"E": entry}})})
    (edge,) = [one for one in made.edges if one.kind == "CAN_ACCESS"]
    assert edge.props["actions"] == ["delete", "execute", "read", "write"]


ORGANISATION = """
resource "aws_organizations_organizational_unit" "pay" {
  name      = "Pay"
  parent_id = "r-q1w2"
}
resource "aws_organizations_account" "shop" {
  name      = "shop"
  email     = "shop@quillmere.example"
  parent_id = aws_organizations_organizational_unit.pay.id
}
resource "aws_organizations_policy" "keep" {
  name    = "keep"
  content = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "s3:DeleteObject", Resource = "*" }] })
}
resource "aws_organizations_policy_attachment" "keep" {
  policy_id = aws_organizations_policy.keep.id
  target_id = aws_organizations_organizational_unit.pay.id
}
resource "aws_organizations_policy_attachment" "theirs" {
  policy_id = "p-aaaa1111"
  target_id = "r-q1w2"
}
"""


def test_units_of_an_organisation_have_policies_and_accounts() -> None:
    facts = read(ORGANISATION)
    pay, shop = (f"aws:aws_organizations_{one}.id(shop.infra)" for one in ("organizational_unit.pay", "account.shop"))
    said = [(one.subject[1], one.role, json.loads(one.body)) for one in facts.all if isinstance(one, Grant)]
    assert (shop, "scp-parent", pay.removeprefix("aws:")) in said
    assert (pay, "scp-parent", "r-q1w2") in said
    assert ("aws:r-q1w2", "scp-attached", "p-aaaa1111") in said
    assert [subject for subject, role, _ in said if role == "scp"] == [pay]


def test_a_policy_of_an_organisation_in_a_template() -> None:
    statement = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    resources = {
        "Pay": {"Type": "AWS::Organizations::OrganizationalUnit", "Properties": {"Name": "Pay", "ParentId": "r-q1w2"}},
        "Shop": {"Type": "AWS::Organizations::Account", "Properties": {"AccountName": "shop", "ParentIds": [{"Ref": "Pay"}]}},
        "Keep": {
            "Type": "AWS::Organizations::Policy",
            "Properties": {
                "Name": "keep",
                "Type": "SERVICE_CONTROL_POLICY",
                "TargetIds": [{"Ref": "Pay"}],
                "Content": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }
    facts = linked(cloudformation, {"org.json": json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})})
    said = {(one.subject[1], one.role) for one in facts.all if isinstance(one, Grant)}
    assert {role for _, role in said} == {"scp", "scp-parent"}
    ((target, _),) = (one for one in said if one[1] == "scp")
    assert (target, "scp-parent") in said
