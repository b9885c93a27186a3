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
    assert facts.drawn("MEMBER_OF") == {("identitystore:Ada", GROUP)}
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
