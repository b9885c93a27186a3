"""Reports of secret scanners and files about owners: all are read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphinv.ingest import backstage, cortex, detect_secrets, gitleaks, opslevel, trufflehog
from graphinv.model.facts import OwnerRule, Statement
from tests.corpus.taking import taken
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document

READERS = (backstage, cortex, detect_secrets, gitleaks, opslevel, trufflehog)
EXPECTED: dict[str, dict[str, int]] = {
    "secrets_gitleaks": {"files": 7, "taken": 7, "Secret": 5},
    "secrets_detect_secrets": {"files": 2, "taken": 2, "Secret": 13},
    "backstage": {"files": 6, "taken": 6, "Owner": 2, "rules": 1, "statements": 1},
    "opslevel_cortex": {"files": 1, "taken": 1, "Owner": 1, "rules": 0, "statements": 1},
}
"""Counted by hand: five of gitleaks' reports hold one secret each, two are empty; of one baseline all findings were reviewed and are none.
Three of Backstage's files are templates and one lists places of others; one component is of another repository."""


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_the_files_hold_is_found(corpus: Path, kind: str) -> None:
    counts: Counter[str] = Counter()
    for reader, path, data in taken(corpus / kind, READERS, counts):
        found = linked(reader, {path: data.decode()}) if reader is backstage else Facts(reader, document(data, path))
        assert not [message for _, severity, message in found.problems if severity == "error"], path
        counts.update(key[0] for key in found.nodes)
        counts["rules"] += sum(isinstance(fact, OwnerRule) for fact in found.all)
        counts["statements"] += sum(isinstance(fact, Statement) for fact in found.all)
    assert {name: counts[name] for name in EXPECTED[kind]} == EXPECTED[kind]
