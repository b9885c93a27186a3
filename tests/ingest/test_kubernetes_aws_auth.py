"""Who of AWS may log in to a cluster of EKS."""

from __future__ import annotations

import pytest

from graphinv.ingest import kubernetes, terraform
from tests.ingest.linked import linked

ROLE, NODES, USER = "arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/nodes", "arn:aws:iam::123456789012:user/ada"
MAP = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: aws-auth, namespace: kube-system}}
data:
  mapRoles: |
    - rolearn: {NODES}
      username: system:node:{{{{EC2PrivateDNSName}}}}
      groups: [system:bootstrappers, system:nodes]
    - rolearn: {ROLE}
      username: deploy
      groups:
      - system:masters
  mapUsers: |
    - userarn: {USER}
      username: ada
      groups: [viewers]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: aws-auth, namespace: other}}
data:
  mapRoles: "- rolearn: arn:aws:iam::123456789012:role/no"
"""


def test_roles_and_users_of_aws_are_users_and_in_groups_of_the_cluster() -> None:
    facts = linked(kubernetes, {"eks/aws-auth.yaml": MAP})
    assert facts.drawn("MEMBER_OF") == {
        (NODES, "k8s:shop//Group/system:bootstrappers"),
        (NODES, "k8s:shop//Group/system:nodes"),
        (ROLE, "k8s:shop//Group/system:masters"),
        (USER, "k8s:shop//Group/viewers"),
    }
    assert facts.drawn("ASSUMES") == {(ROLE, "k8s:shop//User/deploy"), (USER, "k8s:shop//User/ada")}
    assert facts.nodes["Identity", USER]["type"] == "iam_user"
    assert facts.nodes["Identity", "k8s:shop//Group/system:masters"]["type"] == "group"
    assert facts.problems == []


@pytest.mark.parametrize(
    "text",
    ["mapRoles: 'no: ['", "mapRoles: just text", "mapRoles: '- rolearn: nobody'", "mapAccounts: '- \"123456789012\"'", "mapRoles: 7"],
)
def test_what_is_not_understood_of_them_is_told(text: str) -> None:
    facts = linked(kubernetes, {"eks/aws-auth.yaml": MAP.partition("  mapRoles")[0] + f"  {text}\n"})
    assert [message for *_, message in facts.problems] == ["lets identities of AWS log in to the cluster in a way that is not understood"]


def test_access_entries_of_terraform() -> None:
    facts = linked(
        terraform,
        {
            "main.tf": """
resource "aws_eks_cluster" "shop" { name = "shop" }
resource "aws_iam_role" "deploy" { name = "deploy" }
resource "aws_eks_access_entry" "deploy" {
  cluster_name      = aws_eks_cluster.shop.name
  principal_arn     = aws_iam_role.deploy.arn
  kubernetes_groups = ["viewers", var.more]
  user_name         = "deploy"
}
"""
        },
    )
    (role,) = {source for source, target in facts.drawn("ASSUMES") if target == "k8s:shop//User/deploy"}
    assert role.endswith(":role/deploy")
    assert (role, "k8s:shop//Group/viewers") in facts.drawn("MEMBER_OF")
