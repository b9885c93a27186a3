from __future__ import annotations

import base64
import json

import pytest

from graphinv.ingest import kubernetes
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import FIXTURES, Facts, fake, fingerprint

OPENAI = fake("kubernetes-openai", "sk" + "-proj-", 48)
TOKEN = fake("kubernetes-token")
GITHUB = fake("kubernetes-github", "gh" + "p_")
BANK = fake("kubernetes-bank")
VALUES = {"OPENAI": OPENAI, "TOKEN": TOKEN, "GITHUB": GITHUB, "ENCODED": base64.b64encode(BANK.encode()).decode()}


def fixture(name: str) -> str:
    text = (FIXTURES / "kubernetes" / name).read_text("utf-8")
    for key, value in VALUES.items():
        text = text.replace(f"%%{key}%%", value)
    return text


def read(*names: str) -> Facts:
    return linked(kubernetes, {f"deploy/{name}": fixture(name) for name in names})


def manifest(kind: str, name: str, version: str = "v1", namespace: str = "", **more: object) -> str:
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": meta, **more}) + "\n"


def secret(value: str) -> str:
    return f"secret:{fingerprint(value)}"


# ---- workloads ----------------------------------------------------------------------------------------------------------------


def test_a_deployment_runs_as_its_account_which_acts_as_a_role_of_the_cloud() -> None:
    facts = read("workloads.yaml")
    runtime = "k8s:shop/pay/Deployment/payouts"
    assert facts.targets("RUNS_AS", runtime) == {"k8s:shop/pay/ServiceAccount/payer"}
    assert facts.targets("ASSUMES", "k8s:shop/pay/ServiceAccount/payer") == {"arn:aws:iam::123456789012:role/pay/payer"}
    props = facts.nodes["Runtime", runtime]
    assert props["sandboxed"] is False
    assert props["environment"] == "prod"
    assert {"team=payments", "privileged=true", "mount=/var/run/docker.sock", "module=payouts.main"} <= set(props["labels"])
    assert "image=registry.acme.example/payouts:2.1" in props["labels"]


def test_what_a_pod_is_given_is_the_credential_itself_where_its_value_is_known() -> None:
    facts = read("workloads.yaml")
    assert facts.targets("HOLDS", "k8s:shop/pay/Deployment/payouts") == {
        secret(BANK),  # a key of a Secret
        secret(GITHUB),  # a ConfigMap
        secret(TOKEN),  # in place, of an init container
        "k8s:shop/pay/Secret/certs",
        "k8s:shop/pay/Secret/mail",
        "k8s:shop/pay/Secret/registry",
    }
    assert facts.props("HOLDS", "k8s:shop/pay/Deployment/payouts", "k8s:shop/pay/Secret/mail")["place"] == "env"
    assert facts.nodes["Secret", secret(BANK)]["fingerprint"] == fingerprint(BANK)
    keys = {(fact.subject[1], json.loads(fact.body)["object"]) for fact in facts.all if isinstance(fact, Grant) and fact.role == "key"}
    assert keys == {(secret(BANK), "k8s:shop/pay/Secret/bank"), (secret(GITHUB), "k8s:shop/pay/ConfigMap/settings")}


def test_a_token_that_is_not_mounted_is_not_used() -> None:
    facts = read("workloads.yaml")
    assert facts.targets("RUNS_AS", "k8s:shop/pay/CronJob/nightly") == set()
    unstated = facts.props("RUNS_AS", "k8s:shop/pay/Pod/bare", "k8s:shop/pay/ServiceAccount/default")
    assert unstated["evidence"] == ["inferred"]
    assert unstated["confidence"] < 1


def test_a_role_of_the_cloud_is_used_without_a_token_of_the_cluster() -> None:
    account = {"annotations": {"iam.gke.io/gcp-service-account": "pay@acme-1.iam.gserviceaccount.com"}, "name": "a"}
    text = json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False})
    pod = manifest("Pod", "p", spec={"serviceAccountName": "a", "containers": [{"image": "x"}]})
    facts = linked(kubernetes, {"all.yaml": f"{text}\n---\n{pod}"})
    assert facts.targets("RUNS_AS", "k8s:shop/default/Pod/p") == {"gcp:pay@acme-1.iam.gserviceaccount.com"}


def test_tokens_that_are_mounted_by_hand_have_an_audience_and_a_life() -> None:
    def pod(token: dict[str, object]) -> Facts:
        volumes = [{"name": "t", "projected": {"sources": [{"serviceAccountToken": token}]}}]
        spec = {"serviceAccountName": "a", "automountServiceAccountToken": False, "containers": [{"image": "x"}], "volumes": volumes}
        return linked(kubernetes, {"all.yaml": manifest("Pod", "p", spec=spec)})

    runtime, account = "k8s:shop/default/Pod/p", "k8s:shop/default/ServiceAccount/a"
    vault = pod({"audience": "vault", "expirationSeconds": 600, "path": "t"})
    (token,) = vault.targets("HOLDS", runtime)
    props = vault.nodes["Secret", token]
    assert (props["audience"], props["ttl_seconds"], props["lifetime"], props["renewable"]) == (["vault"], 600, "ephemeral", True)
    assert vault.targets("RUNS_AS", runtime) == set()  # it is none for the cluster
    own = pod({"path": "t"})
    assert own.targets("RUNS_AS", runtime) == {account}
    assert own.drawn("AUTHENTICATES_AS") == {(f"{runtime}/token/cluster", account)}


def test_the_token_of_an_account_authenticates_as_it_and_never_expires() -> None:
    facts = read("workloads.yaml")
    assert ("k8s:shop/pay/Secret/payer-token", "k8s:shop/pay/ServiceAccount/payer") in facts.drawn("AUTHENTICATES_AS")
    assert facts.nodes["Secret", "k8s:shop/pay/Secret/payer-token"]["lifetime"] == "static"


def test_labels_that_rules_read_are_kept_without_their_prefix() -> None:
    labels = {"acme.example/data-class": "internal", "Criticality": "high", "reviewed": "2026-01-10", "tier": "backend", "chart": "desk-1"}
    meta = {"name": "desk", "namespace": "shop", "labels": labels}
    agent = json.dumps({"apiVersion": "kagent.dev/v1alpha2", "kind": "Agent", "metadata": meta, "spec": {"type": "Declarative"}})
    facts = linked(kubernetes, {"a.yaml": agent})
    kept = facts.nodes["Agent", "k8s:shop/shop/Agent/desk"]["labels"]
    assert kept == ["Criticality=high", "data-class=internal", "namespace=shop", "reviewed=2026-01-10"]


def test_pods_of_a_dump_belong_to_what_controls_them() -> None:
    def owned(kind: str, name: str, by: tuple[str, str], **more: object) -> dict[str, object]:
        owner = {"controller": True, "kind": by[0], "name": by[1]}
        return {"kind": kind, "metadata": {"name": name, "uid": "1", "ownerReferences": [owner]}, **more}

    spec = {"containers": [{"name": "c", "image": "acme/desk:1"}], "serviceAccountName": "desk"}
    items: list[dict[str, object]] = [
        {"kind": "Deployment", "metadata": {"name": "desk", "uid": "3"}, "spec": {"template": {"spec": spec}}},
        owned("ReplicaSet", "desk-5d4", ("Deployment", "desk"), spec={"template": {"spec": spec}}),
        owned("Pod", "desk-5d4-x1", ("ReplicaSet", "desk-5d4"), spec=spec),
    ]
    items = [{"apiVersion": "apps/v1", **item} for item in items]
    facts = linked(kubernetes, {"dump.json": json.dumps({"apiVersion": "v1", "items": items, "kind": "List"})})
    assert [key[1] for key in facts.nodes if key[0] == "Runtime"] == ["k8s:shop/default/Deployment/desk"]
    assert {edge.props["evidence"][0] for edge in facts.edges if edge.kind == "RUNS_AS"} == {"granted"}


# ---- agents -------------------------------------------------------------------------------------------------------------------


def test_a_dump_of_one_list_after_the_other_with_logs_between_them() -> None:
    def listing(kind: str, name: str) -> str:
        return json.dumps(
            {"kind": f"{kind}List", "apiVersion": "v1", "items": [{"metadata": {"name": name, "namespace": "pay"}}]}, indent=1
        )

    logs = '==== START logs for container a of pod pay/b ====\n[INFO] started\n  {"level": "info"}\n==== END logs ====\n'
    cut = '{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "lost'
    text = (
        f"{listing('ServiceAccount', 'payer')}\n{logs}{listing('ServiceAccount', 'clerk')}\n{cut}\n{listing('ServiceAccount', 'judge')}\n"
    )
    facts = linked(kubernetes, {"dump.json": text})
    accounts = {id.rpartition("/")[2]: props for (kind, id), props in facts.nodes.items() if kind == "Identity"}
    assert {"payer", "clerk", "judge"} <= set(accounts)
    assert accounts["clerk"]["sources"] == [f"shop/dump.json#L{text[: text.index('clerk')].count(chr(10))}"]
    ((where, severity, message),) = facts.problems
    assert (where, severity) == (f"L{text[: text.index('lost')].count(chr(10)) + 1}", "error")
    assert message.startswith("1 of the values that follow one another here are not read; the first is not JSON")


def test_an_agent_of_kagent_uses_the_servers_deployed_beside_it() -> None:
    facts = read("kagent.yaml")
    helper, tickets = "k8s:shop/desk/Agent/helper", "http://tickets.desk.svc.cluster.local:8080/mcp"
    assert facts.targets("CONNECTS_TO", helper) == {tickets, "k8s:shop/desk/MCPServer/files"}
    assert facts.props("CONNECTS_TO", helper, tickets)["tools"] == ["reply", "search"]
    assert facts.targets("RUNS_ON", tickets) == {"k8s:shop/desk/Deployment/tickets-server"}
    assert facts.targets("PROVIDES", tickets) == {f"{tickets}/search", f"{tickets}/reply"}
    assert facts.targets("DELEGATES_TO", helper) == {"k8s:shop/desk/SandboxAgent/refunds"}
    assert facts.targets("USES_MODEL", helper) == {"gpt-4.1-mini"}
    assert facts.nodes["Agent", helper]["environment"] == "prod"  # of its namespace
    assert "requires_approval=reply" in facts.nodes["Agent", helper]["labels"]
    assert ("lee@acme.example", helper) in facts.drawn("OWNS")


def test_an_agent_holds_what_it_sends_and_its_model_is_called_with() -> None:
    facts = read("kagent.yaml")
    assert facts.targets("HOLDS", "k8s:shop/desk/Agent/helper") >= {secret(OPENAI), "k8s:shop/desk/Secret/tickets-token"}
    assert "k8s:shop/desk/Secret/openai" not in facts.targets("HOLDS", "k8s:shop/desk/Agent/helper")


def test_a_controller_makes_an_account_for_each_agent() -> None:
    facts = read("kagent.yaml")
    made = facts.props("RUNS_AS", "k8s:shop/desk/Agent/helper", "k8s:shop/desk/ServiceAccount/helper")
    assert made["evidence"] == ["inferred"]
    assert facts.targets("RUNS_AS", "k8s:shop/desk/SandboxAgent/refunds") == set()
    assert "entry=src/refunds/main.py" in facts.nodes["Runtime", "k8s:shop/desk/SandboxAgent/refunds"]["labels"]


def test_a_password_that_another_variable_fills_in_authenticates_at_the_database() -> None:
    facts = read("kagent.yaml")
    user = "postgres:helper@db.desk.svc.cluster.local:5432"
    assert ("k8s:shop/desk/Secret/db", user) in facts.drawn("AUTHENTICATES_AS")


def test_a_server_that_runs_in_a_pod_keeps_its_package_and_secrets() -> None:
    facts = read("kagent.yaml")
    files = "k8s:shop/desk/MCPServer/files"
    assert facts.nodes["ToolServer", files]["package"] == "pkg:npm/%40modelcontextprotocol/server-filesystem@2025.1.1"
    assert facts.nodes["ToolServer", files]["kind_detail"] == "kagent MCPServer"
    assert facts.targets("RUNS_ON", files) == {files}
    assert facts.targets("HOLDS", files) == {"k8s:shop/desk/Secret/files-token"}


def test_agents_of_ark() -> None:
    facts = read("ark.yaml")
    writer, editor = "k8s:shop/default/Agent/writer", "k8s:shop/default/Agent/editor"
    note = "k8s:shop/default/Tool/post-note"
    assert facts.targets("USES", writer) == {note}
    assert facts.nodes["Tool", note]["effects"] == ["egress", "write"]
    assert facts.targets("HOLDS", note) == {"k8s:shop/default/Secret/notes"}
    files = "http://files.default.svc.cluster.local/mcp"
    guessed = facts.props("CONNECTS_TO", writer, files)
    assert (guessed["tools"], guessed["evidence"]) == (["read-file"], ["inferred"])
    assert facts.targets("HOLDS", writer) == {"k8s:shop/default/Secret/model-token", "k8s:shop/default/Secret/files-token"}
    assert facts.targets("DELEGATES_TO", "k8s:shop/default/Team/press") == {writer, editor}
    assert facts.props("DELEGATES_TO", writer, editor)["mode"] == "handoff"
    assert facts.nodes["Tool", "k8s:shop/default/Tool/nowhere"]["status"] == "unknown"
    assert [message for _, _, message in facts.problems] == ["names 1 of kind Tool that nothing in this root defines: 'nowhere'"]


def test_workloads_that_labels_declare_to_be_agents_and_tools() -> None:
    def workload(name: str, kind: str, env: list[dict[str, str]]) -> str:
        labels = {"kagenti.io/type": kind, "kagenti.io/framework": "LangGraph"}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"image": "x", "env": env}]}}
        meta = {"name": name, "namespace": "team1", "labels": labels}
        return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": template}})

    service = manifest("Service", "weather-mcp", namespace="team1", spec={"selector": {"app": "weather"}})
    agent = workload("desk", "agent", [{"name": "MCP_URL", "value": "http://weather-mcp.team1.svc.cluster.local:8000/mcp"}])
    facts = linked(kubernetes, {"all.yaml": "\n---\n".join((service, agent, workload("weather", "tool", [])))})
    key = "k8s:shop/team1/Deployment/desk"
    assert facts.nodes["Agent", key]["framework"] == "langgraph"
    assert facts.targets("RUNS_ON", key) == {key}
    assert facts.targets("CONNECTS_TO", key) == {"k8s:shop/team1/Deployment/weather"}
    assert facts.targets("RUNS_ON", "k8s:shop/team1/Deployment/weather") == {"k8s:shop/team1/Deployment/weather"}


def test_a_remote_server_elsewhere_is_known_by_its_address() -> None:
    def server(name: str, url: str) -> str:
        return manifest("RemoteMCPServer", name, "kagent.dev/v1alpha2", "web", spec={"url": url})

    facts = linked(
        kubernetes, {"a.yaml": server("a", "https://Everything.dev:443/mcp/"), "b.yaml": server("b", "https://everything.dev/mcp")}
    )
    assert [key[1] for key in facts.nodes if key[0] == "ToolServer"] == ["https://everything.dev/mcp"]


# ---- texts --------------------------------------------------------------------------------------------------------------------


def test_one_broken_object_does_not_hide_the_others() -> None:
    text = f"{manifest('Secret', 'a')}---\nkind: [\n---\n{manifest('Secret', 'b')}"
    facts = linked(kubernetes, {"all.yaml": text})
    assert {key[1] for key in facts.nodes if key[0] == "Secret"} == {"k8s:shop/default/Secret/a", "k8s:shop/default/Secret/b"}
    assert [(severity, where) for where, severity, _ in facts.problems] == [("error", "L4")]


def test_nothing_but_broken_yaml_is_an_error() -> None:
    with pytest.raises(IngestError):
        linked(kubernetes, {"all.yaml": "apiVersion: v1\nkind: [\n"})


def test_templates_of_a_chart_are_told_once() -> None:
    template = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ include "common.name" . }}\n'
    quoted = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: '{{ include \"common.name\" . }}'\n"
    files = {"chart/Chart.yaml": "apiVersion: v2\nname: desk\n", "chart/templates/a.yaml": template, "chart/templates/b.yaml": quoted}
    facts = linked(kubernetes, files)
    assert facts.nodes == {}
    ((_, severity, message),) = facts.problems
    assert severity == "warning"
    assert message.startswith("2 objects in 2 templates here are not read (the template common.name is not among its files)")


def test_manifests_in_scripts_are_read_as_far_as_they_are_constant() -> None:
    script = f"""#!/bin/sh
NAMESPACE="${{NAMESPACE:-desk}}"
kubectl apply -f - <<EOF
apiVersion: v1
kind: Secret
metadata:
  name: token
  namespace: ${{NAMESPACE}}
stringData:
  token: {TOKEN}
---
apiVersion: v1
kind: Secret
metadata:
  name: ${{1}}
EOF
"""
    code = 'MANIFEST = """\\\n    apiVersion: v1\n    kind: Secret\n    metadata:\n      name: made\n    """\n'
    facts = linked(kubernetes, {"run.sh": script, "made.py": code})
    secrets = {key[1] for key in facts.nodes if key[0] == "Secret"}
    assert secrets == {"k8s:shop/desk/Secret/token", secret(TOKEN), "k8s:shop/default/Secret/made"}
    assert facts.nodes["Secret", secret(TOKEN)]["sources"] == ["shop/run.sh#L10"]
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L14", "warning")]


def test_two_objects_of_one_name_are_taken_together() -> None:
    role = {"kind": "ClusterRole", "name": "view"}
    one = manifest("RoleBinding", "b", "rbac.authorization.k8s.io/v1", roleRef=role, subjects=[{"kind": "Group", "name": "a"}])
    other = manifest("RoleBinding", "b", "rbac.authorization.k8s.io/v1", roleRef=role, subjects=[{"kind": "Group", "name": "b/c"}])
    facts = linked(kubernetes, {"all.yaml": f"{one}---\n{other}"})
    assert {fact.subject[1] for fact in facts.all if isinstance(fact, Grant)} == {"k8s:shop//Group/a", "k8s:shop//Group/b/c"}
    assert [severity for _, severity, _ in facts.problems] == ["note"]


def test_overlays_put_the_files_that_they_name_into_their_namespaces() -> None:
    base = manifest("Deployment", "desk", "apps/v1", spec={"template": {"spec": {"containers": [{"image": "x"}]}}})
    generated = f"secretGenerator:\n- name: s\n  literals: [token={TOKEN}]\n"
    files = {
        "base/kustomization.yaml": "resources: [desk.yaml]\nnamePrefix: acme-\n",
        "base/desk.yaml": base,
        "overlays/prod/kustomization.yaml": "namespace: prod\nresources: [../../base]\n",
        "overlays/dev/kustomization.yaml": f"namespace: dev\nbases: [../../base]\n{generated}",
    }
    facts = linked(kubernetes, files)
    assert {key[1] for key in facts.nodes if key[0] == "Runtime"} == {"k8s:shop/dev/Deployment/desk", "k8s:shop/prod/Deployment/desk"}
    assert ("Secret", "k8s:shop/dev/Secret/s") in facts.nodes
    assert ("Secret", secret(TOKEN)) in facts.nodes
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L1", "warning")]


def test_a_name_means_the_nearest_object_where_unrelated_files_state_it() -> None:
    def pod(name: str) -> str:
        env = [{"name": "T", "valueFrom": {"secretKeyRef": {"name": "token", "key": "token"}}}]
        return manifest("Pod", name, spec={"containers": [{"image": "x", "env": env}]})

    one, other = fake("one"), fake("other")
    files = {
        "a/pod.yaml": pod("a"),
        "a/secret.yaml": manifest("Secret", "token", stringData={"token": one}),
        "b/pod.yaml": pod("b"),
        "b/secret.yaml": manifest("Secret", "token", stringData={"token": other}),
    }
    facts = linked(kubernetes, files)
    assert facts.targets("HOLDS", "k8s:shop/default/Pod/a") == {secret(one)}
    assert facts.targets("HOLDS", "k8s:shop/default/Pod/b") == {secret(other)}


def test_a_placeholder_in_a_secret_stands_for_a_value_that_is_set_elsewhere() -> None:
    env = [{"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": name}}} for name in ("token", "site", "filled")]
    pod = manifest("Pod", "p", spec={"containers": [{"image": "x", "env": env}]})
    values = {"token": "CHANGEME", "site": "https://acme.example", "filled": "${OUTSIDE_TOKEN}"}
    facts = linked(kubernetes, {"all.yaml": f"{pod}---\n{manifest('Secret', 's', stringData=values)}"})
    assert facts.targets("HOLDS", "k8s:shop/default/Pod/p") == {"k8s:shop/default/Secret/s", "env:OUTSIDE_TOKEN"}


def test_secrets_that_a_vault_fills() -> None:
    store = manifest(
        "SecretStore", "v", "external-secrets.io/v1", spec={"provider": {"vault": {"server": "https://vault.acme.example", "path": "kv"}}}
    )
    spec = {"secretStoreRef": {"name": "v"}, "target": {"name": "db"}, "data": [{"secretKey": "p", "remoteRef": {"key": "apps/db"}}]}
    external = manifest("ExternalSecret", "x", "external-secrets.io/v1", spec=spec)
    env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}]
    pod = manifest("Pod", "p", spec={"containers": [{"image": "x", "env": env}]})
    facts = linked(kubernetes, {"all.yaml": "---\n".join((store, external, pod))})
    assert facts.targets("HOLDS", "k8s:shop/default/Pod/p") == {"vault:https://vault.acme.example/kv/apps/db"}


def test_other_files_with_an_api_version_are_left_alone() -> None:
    assert not kubernetes.detect("catalog-info.yaml", b"apiVersion: backstage.io/v1alpha1\nkind: Component\n")
    assert not kubernetes.detect("templates/app.yaml", b"apiVersion: scaffolder.backstage.io/v1\nkind: Template\nx: ${{ y }}\n")
    assert kubernetes.detect("x.json", b'{\n  "apiVersion": "v1",\n  "items": [')


def test_what_is_cut_is_said() -> None:
    pod = {"containers": [{"name": f"c{number}", "image": "x"} for number in range(120)]}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": [f"p{number}" for number in range(2_100)]}]
    agent = {"description": "x", "declarative": {"tools": [{"type": "McpServer", "mcpServer": {"name": f"t{n}"}} for n in range(501)]}}
    text = manifest("Pod", "many", spec=pod) + "---\n" + manifest("Role", "wide", "rbac.authorization.k8s.io/v1", rules=rules)
    text += "---\n" + manifest("Agent", "busy", "kagent.dev/v1alpha2", spec=agent)
    facts = linked(kubernetes, {"deploy/a.yaml": text})
    assert [message for _, severity, message in facts.problems if severity == "warning" and "of which" in message] == [
        "Pod many has 120 containers, of which the first 100 are read",
        "Role wide has 2100 resourceNames, of which the first 2000 are read",
        "Agent busy has 501 tools, of which the first 500 are read",
    ]


def test_a_script_inside_a_script_is_no_manifest() -> None:
    inner = '#!/bin/sh\ncase $1 in\n  get)\n    echo "\n  apiVersion: v1\n"\n    ;;\nesac\n'
    facts = linked(kubernetes, {"tests/run.sh": f"cat > kubectl <<'MOCK'\n{inner}MOCK\n"})
    assert not facts.nodes
    assert not facts.problems


def test_a_script_with_very_many_manifests_says_where_it_stops() -> None:
    block = "kubectl apply -f - <<EOF\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\nEOF\n"
    facts = linked(kubernetes, {"deploy/run.sh": block * 502})
    assert [message for _, _, message in facts.problems if "manifests" in message] == ["holds 500 manifests; what follows is not read"]
    docstrings = '"""x"""\n' * 600 + 'apply("""\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: late}\n""")\n'
    facts = linked(kubernetes, {"deploy/run.py": "# apiVersion: kind:\n" + docstrings})
    assert ("Identity", "k8s:shop/default/ServiceAccount/late") in facts.nodes


def test_agents_of_a_platform_that_is_not_known_are_told() -> None:
    text = manifest("Agent", "clerk", "agents.acme.example/v1", spec={"llmRef": {"name": "m"}})
    text += "---\n" + manifest("Agent", "judge", "agents.acme.example/v1", spec={"system": "Judge."})
    text += "---\n" + manifest("MCPServer", "stock", "agents.acme.example/v1", spec={"transport": "stdio"})
    text += "---\n" + manifest("Agent", "beat", "agent.k8s.elastic.co/v1", spec={"version": "8.1", "daemonSet": {}})
    facts = linked(kubernetes, {"all.yaml": text})
    assert [(where, severity, message.partition(",")[0]) for where, severity, message in facts.problems] == [
        ("L1", "warning", "2 of its objects are of the kind Agent of agents.acme.example"),
        ("L5", "warning", "1 of its objects are of the kind MCPServer of agents.acme.example"),
    ]


def test_a_chart_that_a_cluster_installs_from_elsewhere_is_told() -> None:
    flux = {"chart": {"spec": {"chart": "redis", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}}
    own = {"chart": {"spec": {"chart": "./charts/desk", "sourceRef": {"kind": "GitRepository", "name": "x"}}}}
    objects = [
        manifest("HelmRelease", "redis", "helm.toolkit.fluxcd.io/v2", "pay", spec=flux),
        manifest("HelmRelease", "desk", "helm.toolkit.fluxcd.io/v2", "pay", spec=own),
        manifest("HelmRelease", "mail", "helm.toolkit.fluxcd.io/v2", "pay", spec={"chartRef": {"kind": "OCIRepository", "name": "mail"}}),
        manifest("HelmChart", "traefik", "helm.cattle.io/v1", "kube-system", spec={"chart": "stable/traefik"}),
        manifest("Application", "vault", "argoproj.io/v1alpha1", "argocd", spec={"source": {"chart": "vault", "repoURL": "https://x"}}),
        manifest("Application", "pay", "argoproj.io/v1alpha1", "argocd", spec={"source": {"path": "apps/pay", "repoURL": "https://x"}}),
    ]
    facts = linked(kubernetes, {f"{number}.yaml": one for number, one in enumerate(objects)})
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L1", "warning")] * 4
    assert [message.split("'")[1] for *_, message in facts.problems] == ["redis", "mail", "stable/traefik", "vault"]
