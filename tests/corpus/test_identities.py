from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from graphinv.ingest import (
    HEAD_BYTES,
    aws_profiles,
    azure_rbac,
    entra,
    gcp_credentials,
    gcp_iam,
    github_apps,
    keycloak,
    login_files,
    oauth_clients,
    okta,
    spire,
    vault,
)
from graphinv.model.facts import Grant
from tests.ingest.granting import Granted
from tests.ingest.reading import Facts, document

READERS = (
    *(aws_profiles, azure_rbac, entra, gcp_credentials, gcp_iam, github_apps, keycloak, login_files, oauth_clients, okta, spire, vault),
)
EXPECTED = {
    "gcp_iam": {"files": 6, "taken": 6, "binding": 35, "role": 2, "parent": 2},
    "vault_policy": {"files": 10, "taken": 10, "policy": 10, "rules": 44},
    "spire": {"files": 14, "taken": 4},
}
"""Counted by hand in the files. SPIRE's own four are samples of its kinds without content; the others are manifests that the reader of
Kubernetes takes."""


def files(folder: Path) -> list[tuple[str, bytes]]:
    return [("/".join(one.relative_to(folder).parts), one.read_bytes()) for one in sorted(folder.rglob("*")) if one.is_file()]


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_the_files_hold_is_found(corpus: Path, kind: str) -> None:
    counts: Counter[str] = Counter()
    for path, data in files(corpus / kind):
        counts["files"] += 1
        takers = [reader for reader in READERS if reader.detect(path, data[:HEAD_BYTES])]
        assert len(takers) <= 1, path
        for reader in takers:
            counts["taken"] += 1
            found = Facts(reader, document(data, path))
            assert not [message for _, severity, message in found.problems if severity != "note"], path
            grants = [fact for fact in found.all if isinstance(fact, Grant)]
            counts.update(grant.role for grant in grants)
            counts["rules"] += sum(len(json.loads(grant.body)["value"]) for grant in grants if grant.role == "policy")
    assert {name: counts[name] for name in EXPECTED[kind]} == EXPECTED[kind]


def test_files_of_other_formats_are_left_alone(corpus: Path) -> None:
    taken = [
        f"{folder.name}/{path}: {reader.NAME}"
        for folder in sorted(corpus.iterdir())
        if folder.is_dir() and folder.name not in EXPECTED
        for path, data in files(folder)
        for reader in READERS
        if reader.detect(path, data[:HEAD_BYTES])
    ]
    assert not taken


def test_public_policies_reach_what_they_grant(corpus: Path) -> None:
    found = Granted(*(document(data, path) for path, data in files(corpus / "gcp_iam")))
    dataset = "//bigquery.googleapis.com/projects/12345/datasets/testdataset1"
    assert "admin" in found.access("gcp:user:admin@gmail.com")[dataset]
    assert found.access("gcp:allUsers")["//cloudresourcemanager.googleapis.com/projects/12345"] == "read"
