"""Kubeconfig files: who is let into which cluster, by what."""

from __future__ import annotations

import base64
import json

import pytest

from graphinv.ingest import ingestors, kubeconfig
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Ref
from tests.ingest.reading import Facts, document, fake, fingerprint

ENTRY = "kubeconfig:shop/.kube/config"


def der(tag: int, *parts: bytes) -> bytes:
    inner = b"".join(parts)
    size = bytes([len(inner)]) if len(inner) < 128 else bytes([0x82, len(inner) >> 8, len(inner) & 255])
    return bytes([tag]) + size + inner


def name(**attributes: str) -> bytes:
    kinds = {"O": b"\x06\x03\x55\x04\x0a", "CN": b"\x06\x03\x55\x04\x03"}
    return der(0x30, *(der(0x31, der(0x30, kinds[key], der(0x0C, said.encode()))) for key, said in attributes.items()))


def certificate(**subject: str) -> str:
    """A certificate as far as its names go, as ``client-certificate-data`` has it."""
    validity = der(0x30, der(0x17, b"260101000000Z"), der(0x17, b"270101000000Z"))
    body = der(0x30, name(CN="kubernetes"), validity, name(**subject))
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(body).decode()}\n-----END CERTIFICATE-----\n"
    return base64.b64encode(pem.encode()).decode()


def token(subject: str) -> str:
    parts = ({"alg": "RS256", "kid": "x"}, {"iss": "kubernetes/serviceaccount", "sub": subject, "jti": fake("kube-token")})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (*parts, {"s": fake("kube-sign")}))


TEXT = """\
apiVersion: v1
kind: Config
clusters:
- {name: prod, cluster: {server: 'https://10.1.2.3:6443'}}
- {name: dev, cluster: {server: 'https://dev.quillmere.example'}}
contexts:
- {name: a, context: {cluster: prod, user: admin}}
- {name: b, context: {cluster: prod, user: bot}}
- {name: c, context: {cluster: dev, user: person}}
- {name: d, context: {cluster: dev, user: cloud}}
current-context: a
users:
- {name: admin, user: {client-certificate-data: '%(certificate)s', client-key: pki/admin.key}}
- {name: bot, user: {token: '%(token)s'}}
- {name: person, user: {username: ann, password: '%(password)s'}}
- name: cloud
  user:
    exec:
      command: /usr/local/bin/aws
      args: [eks, get-token, --cluster-name, dev, --role-arn, 'arn:aws:iam::111122223333:role/ops']
- name: azure
  user:
    exec:
      command: kubelogin
      args: [get-token, --client-id, 'AAAAAAAA-0000-4000-8000-000000000001', --client-secret, '%(password)s']
- {user: {}}
"""


def text() -> str:
    secrets = {"certificate": certificate(O="system:masters", CN="kubernetes-admin"), "token": token("system:serviceaccount:desk:bot")}
    return TEXT % {**secrets, "password": fake("kube-password")}


def test_who_each_entry_is_and_by_what() -> None:
    assert "kubeconfig" in [one.NAME for one in ingestors() if one.detect(".kube/config", text().encode()[:4096])]
    facts = Facts(kubeconfig, document(text(), ".kube/config"))
    entries = {name: f"{ENTRY}#{name}" for name in ("admin", "bot", "person", "cloud", "azure")}
    administrator = "k8s:prod//User/kubernetes-admin"
    assert facts.drawn("ASSUMES") == {
        (entries["admin"], administrator),
        (entries["bot"], "k8s:prod/desk/ServiceAccount/bot"),
        (entries["cloud"], "arn:aws:iam::111122223333:role/ops"),
        (entries["azure"], "entra:aaaaaaaa-0000-4000-8000-000000000001"),
    }
    assert facts.drawn("MEMBER_OF") == {(administrator, "k8s:prod//Group/system:masters")}
    assert facts.drawn("CAN_ACCESS") == {("k8s:prod//Group/system:masters", "k8s:prod"), (entries["person"], "k8s:dev")}
    assert facts.props("CAN_ACCESS", "k8s:prod//Group/system:masters", "k8s:prod")["actions"] == ["admin"]
    assert facts.props("CAN_ACCESS", entries["person"], "k8s:dev")["evidence"] == ["inferred"]
    assert facts.nodes["Identity", administrator]["labels"] == ["certificate_until=2027-01-01"]
    assert facts.nodes["Identity", entries["cloud"]]["labels"] == ["exec=aws"]
    assert facts.nodes["Resource", "k8s:prod"]["labels"] == ["server=https://10.1.2.3:6443"]
    password = f"secret:{fingerprint(fake('kube-password'))}"
    opened = {(edge.source[1], edge.target[1]) for edge in of(facts) if isinstance(edge.source, tuple) and isinstance(edge.target, tuple)}
    assert {(password, entries["person"]), (password, entries["azure"])} <= opened
    assert [edge.source.name for edge in of(facts) if isinstance(edge.source, Ref)] == ["pki/admin.key"]
    assert [where for where, _, _ in facts.problems] == ["L26"]


def of(facts: Facts) -> list[EdgeFact]:
    return [edge for edge in facts.edges if edge.kind == "AUTHENTICATES_AS"]


@pytest.mark.parametrize(
    "users",
    [
        "7",
        "[7]",
        "[{name: a, user: 7}]",
        "[{name: a, user: {token: [x], exec: {args: {a: 1}, env: [7]}}}]",
        "[{name: a, user: {client-certificate-data: '%%'}}]",
    ],
)
def test_values_of_any_shape_are_taken(users: str) -> None:
    facts = Facts(kubeconfig, document(f"kind: Config\nclusters: 7\ncontexts: [7, {{context: 7}}]\nusers: {users}\n", "kubeconfig"))
    assert not facts.drawn("AUTHENTICATES_AS")


def test_other_configurations_are_left_alone() -> None:
    assert not kubeconfig.detect("config.yaml", b"kind: Config\napiVersion: k3d.io/v1\nservers: 1\n")
    assert not kubeconfig.detect("bin/get-kubeconfig.sh", text().encode()[:4096])
    assert not kubeconfig.detect("pod.yaml", b"apiVersion: v1\nkind: Pod\nusers: 1\n")
    with pytest.raises(IngestError):
        list(kubeconfig.read(document("kind: Config\nusers: [", "kubeconfig")))


def test_what_the_file_of_a_home_folder_holds_lies_on_that_machine() -> None:
    password = fake("kube-home")
    text = "kind: Config\nclusters: []\nusers: [{name: person, user: {username: ann, password: '" + password + "'}}]\n"
    held = ("home:shop/ana", f"secret:{fingerprint(password)}")
    assert Facts(kubeconfig, document(text, "ana/.kube/config")).drawn("HOLDS") == {held}
    assert not Facts(kubeconfig, document(text, "ops/kubeconfig")).drawn("HOLDS")
