from __future__ import annotations

import json

import pytest

from graphinv.ingest import spire
from graphinv.model.facts import EdgeFact, NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import document

BOT = "spiffe://quillmere.example/ns/desk/sa/bot"


def runtime(namespace: str, name: str, account: str, *labels: str) -> list[NodeFact | EdgeFact]:
    """A workload as the reader of manifests tells it."""
    key = ("Runtime", f"k8s:shop/{namespace}/Deployment/{name}")
    identity = ("Identity", f"k8s:shop/{namespace}/ServiceAccount/{account}")
    return [
        NodeFact(*key, {"labels": [f"pod:{label}" for label in labels]}),
        EdgeFact("RUNS_AS", key, identity, {"evidence": ["declared"]}),
    ]


def shown(**more: object) -> str:
    """As ``spire-server entry show -output json`` prints it."""
    entry = {
        "id": "x",
        "spiffe_id": {"trust_domain": "quillmere.example", "path": "/ns/desk/sa/bot"},
        "parent_id": {"trust_domain": "quillmere.example", "path": "/agent"},
        "selectors": [{"type": "k8s", "value": "ns:desk"}, {"type": "k8s", "value": "sa:bot"}],
        "x509_svid_ttl": 3600,
        "admin": False,
    }
    return json.dumps({"entries": [{**entry, **more}], "next_page_token": ""})


def test_an_entry_gives_a_service_account_an_attested_identity() -> None:
    found = Granted(document(shown(), "entries.json"), more=runtime("desk", "bot", "bot"))
    assert found.readers == ["spire"]
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", BOT)}
    assert found.nodes["Identity", BOT] | {"sources": []} == {
        "name": "quillmere.example/ns/desk/sa/bot",
        "type": "spiffe",
        "provider": "spiffe",
        "binding": "attested",
        "trust_domain": "quillmere.example",
        "labels": ["selector=k8s:ns:desk", "selector=k8s:sa:bot"],
        "sources": [],
    }
    assert not found.access(BOT)


def test_an_administrator_of_the_server_has_the_trust_domain() -> None:
    assert Granted(document(shown(admin=True), "e.json")).access(BOT) == {"spiffe://quillmere.example": "admin"}


MANIFEST = """
apiVersion: spire.spiffe.io/v1alpha1
kind: ControllerManagerConfig
trustDomain: quillmere.example
clusterName: live
---
apiVersion: spire.spiffe.io/v1alpha1
kind: ClusterSPIFFEID
metadata: {name: all}
spec:
  spiffeIDTemplate: "spiffe://{{ .TrustDomain }}/ns/{{ .PodMeta.Namespace }}/sa/{{ .PodSpec.ServiceAccountName }}"
  podSelector:
    matchLabels: {spiffe: "yes"}
  namespaceSelector:
    matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
"""


def test_a_cluster_wide_template_names_what_it_selects() -> None:
    workloads = [
        *runtime("desk", "bot", "bot", "spiffe=yes", "app=bot"),
        *runtime("desk", "other", "other", "app=other"),
        *runtime("desk", "bare", "bare"),
        *runtime("kube-system", "dns", "dns", "spiffe=yes"),
    ]
    found = Granted(document(MANIFEST, "spire/ids.yaml"), more=workloads)
    attested = {pair for pair in found.drawn("RUNS_AS") if pair[1].startswith("spiffe:")}
    assert attested == {
        ("k8s:shop/desk/Deployment/bot", BOT),
        ("k8s:shop/desk/Deployment/bare", "spiffe://quillmere.example/ns/desk/sa/bare"),
    }
    assert found.props("RUNS_AS", "k8s:shop/desk/Deployment/bot", BOT)["evidence"] == ["declared"]
    guess = found.props("RUNS_AS", "k8s:shop/desk/Deployment/bare", "spiffe://quillmere.example/ns/desk/sa/bare")
    assert guess["evidence"] == ["inferred"], "its labels are not known"


ONE = """---
apiVersion: spire.spiffe.io/v1alpha1
kind: ClusterSPIFFEID
metadata: {name: one}
spec: {spiffeIDTemplate: "spiffe://{{ .TrustDomain }}/one"}
"""
STATED = {
    "server": """
apiVersion: v1
kind: ConfigMap
metadata: {name: spire-server, namespace: spire}
data:
  server.conf: |
    server {
      bind_port = "8081"
      trust_domain = "quillmere.example"
    }
""",
    "controller": """
apiVersion: v1
kind: ConfigMap
metadata: {name: spire-controller-manager, namespace: spire}
data:
  config.yaml: |
    apiVersion: spire.spiffe.io/v1alpha1
    kind: ControllerManagerConfig
    clusterName: live
    trustDomain: quillmere.example
""",
    "operator": """
apiVersion: operator.openshift.io/v1alpha1
kind: ZeroTrustWorkloadIdentityManager
metadata: {name: cluster}
spec: {trustDomain: "quillmere.example", clusterName: live}
""",
    "values": """
global:
  spire:
    trustDomain: quillmere.example
""",
}


def test_a_file_of_the_controller_that_is_no_yaml_is_told() -> None:
    text = STATED["controller"].replace("trustDomain: quillmere.example", "trustDomain: [quillmere.example")
    ((severity, message),) = Granted(document(text, "controller.yaml")).problems
    assert (severity, message.startswith("is a file of the controller manager that is not YAML")) == ("warning", True)


@pytest.mark.parametrize("form", STATED)
def test_where_a_cluster_states_its_trust_domain(form: str) -> None:
    found = Granted(document(STATED[form] + ONE, "values.yaml"), more=runtime("desk", "bot", "bot"))
    assert "spire" in found.readers
    assert {id for _, id in found.drawn("RUNS_AS") if id.startswith("spiffe:")} == {"spiffe://quillmere.example/one"}


@pytest.mark.parametrize(
    "other",
    [
        STATED["server"].replace("quillmere.example", "other.example"),  # which of the two it is nobody sees
        STATED["values"].replace("quillmere.example", "$DOMAIN"),
    ],
)
def test_a_trust_domain_that_is_not_known_has_a_stand_in(other: str) -> None:
    stated = STATED["controller"] + "---" if "other" in other else ""
    found = Granted(document(stated + other + ONE, "values.yaml"), more=runtime("desk", "bot", "bot"))
    assert {id for _, id in found.drawn("RUNS_AS") if id.startswith("spiffe:")} == {"spiffe://trust-domain(shop)/one"}


def test_namespaces_that_the_controller_ignores_get_no_ids() -> None:
    text = MANIFEST.replace("clusterName: live", "clusterName: live\nignoreNamespaces: [desk]")
    found = Granted(document(text, "ids.yaml"), more=[*runtime("desk", "bot", "bot"), *runtime("shop", "till", "till")])
    assert {id for _, id in found.drawn("RUNS_AS") if id.startswith("spiffe:")} == {"spiffe://quillmere.example/ns/shop/sa/till"}


@pytest.mark.parametrize(
    ("template", "id"),
    [
        ("spiffe://t/{{ .ClusterName }}/x", "spiffe://t/shop/x"),
        ("spiffe://{{.TrustDomain}}/x", "spiffe://trust-domain(shop)/x"),
        ('spiffe://t/{{ index .PodMeta.Labels "app" }}', "spiffe://t/bot"),
        ("spiffe://t/{{ .PodMeta.Labels.app }}", "spiffe://t/bot"),
        ("spiffe://t/{{ .PodMeta.Name }}", "spiffe://t/bot*"),
    ],
)
def test_templates(template: str, id: str) -> None:
    text = f"apiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterSPIFFEID\nspec:\n  spiffeIDTemplate: '{template}'\n"
    found = Granted(document(text, "a.yaml"), more=runtime("desk", "bot", "bot", "app=bot"))
    assert {target for _, target in found.drawn("RUNS_AS") if target.startswith("spiffe:")} == {id}


def test_a_template_that_is_not_understood_is_told_once() -> None:
    text = "apiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterSPIFFEID\nspec:\n  spiffeIDTemplate: 'spiffe://t/{{ lower .X }}'\n"
    found = Granted(document(text, "a.yaml"), more=[*runtime("a", "b", "c"), *runtime("d", "e", "f")])
    assert [severity for severity, _ in found.problems] == ["warning"]


def test_further_selectors_narrow_a_template() -> None:
    text = (
        "apiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterSPIFFEID\nspec:\n  spiffeIDTemplate: 'spiffe://t/slim'\n"
        "  workloadSelectorTemplates: ['k8s:ns:desk', 'k8s:sa:slim']\n"
    )
    found = Granted(document(text, "a.yaml"), more=[*runtime("desk", "a", "slim"), *runtime("desk", "b", "c"), *runtime("x", "d", "slim")])
    assert {pair for pair in found.drawn("RUNS_AS") if "spiffe" in pair[1]} == {("k8s:shop/desk/Deployment/a", "spiffe://t/slim")}


def test_static_entries_old_objects_and_lists() -> None:
    static = {
        "apiVersion": "spire.spiffe.io/v1alpha1",
        "kind": "ClusterStaticEntry",
        "metadata": {"name": "a", "uid": "7"},
        "spec": {
            "spiffeID": BOT,
            "parentID": "spiffe://quillmere.example/a",
            "selectors": ["k8s:ns:desk", "k8s:sa:bot"],
            "downstream": True,
        },
    }
    old = {
        "apiVersion": "spiffeid.spiffe.io/v1beta1",
        "kind": "SpiffeID",
        "metadata": {"namespace": "x"},
        "spec": {"spiffeId": "spiffe://t/x", "selector": {"serviceAccount": "y"}},
    }
    found = Granted(document(json.dumps({"apiVersion": "v1", "kind": "List", "items": [static, old, 7]}), "list.json"))
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", BOT), ("k8s:shop/x/ServiceAccount/y", "spiffe://t/x")}
    assert found.access(BOT) == {"spiffe://quillmere.example": "admin"}
    assert found.props("ASSUMES", "k8s:shop/desk/ServiceAccount/bot", BOT)["evidence"] == ["granted"]


def test_entries_that_ask_for_labels_of_pods_are_those_pods_own() -> None:
    selectors = [{"type": "k8s", "value": one} for one in ("ns:desk", "sa:bot", "pod-label:app:front")]
    workloads = [*runtime("desk", "front", "bot", "app=front"), *runtime("desk", "back", "bot", "app=back")]
    found = Granted(document(shown(selectors=selectors), "e.json"), more=workloads)
    assert {pair for pair in found.drawn("RUNS_AS") if pair[1] == BOT} == {("k8s:shop/desk/Deployment/front", BOT)}
    assert not found.drawn("ASSUMES")


def test_scripts() -> None:
    script = (
        "#!/bin/sh\n/opt/spire/bin/spire-server entry create \\\n  -parentID spiffe://quillmere.example/node \\\n"
        f"  -spiffeID {BOT} -selector k8s:ns:desk \\\n  -selector=k8s:sa:bot -ttl 3600\n"
        "spire-server entry create -spiffeID spiffe://$DOMAIN/$NAME -selector unix:uid:1\n"
    )
    found = Granted(document(script, "entries.sh"))
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", BOT)}
    assert [severity for severity, _ in found.problems] == ["note"]


def test_odd_shapes_and_other_files() -> None:
    found = Granted(document(json.dumps({"entries": [{"spiffe_id": 7, "selectors": 1}, 8]}), "e.json"))
    assert {severity for severity, _ in found.problems} == {"error"}
    assert not spire.detect("a.yaml", b"apiVersion: v1\nkind: Pod\n")
    assert not spire.detect("crd.yaml", b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nname: x.spire.spiffe.io\n")


def test_a_trust_domain_that_is_filled_in_later_has_a_stand_in() -> None:
    text = """
apiVersion: spire.spiffe.io/v1alpha1
kind: ClusterStaticEntry
metadata: {name: node1}
spec:
  parentID: spiffe://${SPIFFE_TRUST_DOMAIN}/agent/node1
  spiffeID: spiffe://${SPIFFE_TRUST_DOMAIN}/server/node1
  selectors: ['unix:uid:0']
"""
    found = Granted(document(text, "entry.yaml"))
    assert ("Identity", "spiffe://trust-domain(shop)/server/node1") in found.nodes
    assert found.problems == []


def test_a_template_of_a_chart_is_left_to_the_reader_of_manifests() -> None:
    text = "{{- if .Values.on }}\napiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterStaticEntry\nspec:\n  {{ .Values.x }}: a\n{{- end }}\n"
    assert spire.detect("templates/entry.yaml", text.encode())
    assert list(spire.read(document(text, "templates/entry.yaml"))) == []


PRINTED = """\
Found 2 entries
Entry ID         : 0b57f2e2-1c7c-4a3b
SPIFFE ID        : spiffe://quillmere.example/ns/desk/sa/bot
Parent ID        : spiffe://quillmere.example/spire/agent/k8s_psat/one/7
Revision         : 0
X509-SVID TTL    : default
JWT-SVID TTL     : default
Selector         : k8s:ns:desk
Selector         : k8s:sa:bot

Entry ID         : 1c57f2e2-1c7c-4a3b
SPIFFE ID        : spiffe://quillmere.example/ops
Parent ID        : spiffe://quillmere.example/spire/server
Revision         : 3
X509-SVID TTL    : 3600
JWT-SVID TTL     : default
Selector         : unix:uid:1000
Admin            : true

"""


def test_entries_as_they_are_printed_for_people() -> None:
    found = Granted(document(PRINTED.replace("\n", "\r\n"), "entries.txt"), more=runtime("desk", "bot", "bot"))
    assert found.readers == ["spire"]
    assert {id for kind, id in found.nodes if kind == "Identity" and id.startswith("spiffe:")} == {BOT, "spiffe://quillmere.example/ops"}
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", BOT)}
    assert found.drawn("CAN_ACCESS") == {("spiffe://quillmere.example/ops", "spiffe://quillmere.example")}
    assert not found.problems


def test_entries_in_a_list() -> None:
    entries = json.dumps([{"spiffe_id": BOT, "selectors": [{"type": "k8s", "value": "sa:bot"}]}])
    found = Granted(document(entries, "entries.json"))
    assert ("Identity", BOT) in found.nodes
