"""Reports of secret scanners and files about owners: all are read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphinv.ingest import HEAD_BYTES, detect_secrets, gitleaks, trufflehog
from tests.ingest.reading import Facts, document

READERS = (detect_secrets, gitleaks, trufflehog)
EXPECTED: dict[str, dict[str, int]] = {
    "secrets_gitleaks": {"files": 7, "taken": 7, "Secret": 5},
    "secrets_detect_secrets": {"files": 2, "taken": 2, "Secret": 13},
}
"""Counted by hand: five of gitleaks' reports hold one secret each, two are empty; of one baseline all findings were reviewed and are none."""


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_the_files_hold_is_found(corpus: Path, kind: str) -> None:
    counts: Counter[str] = Counter()
    for file in sorted((corpus / kind).rglob("*")):
        if not file.is_file():
            continue
        counts["files"] += 1
        path, data = "/".join(file.relative_to(corpus / kind).parts), file.read_bytes()
        takers = [reader for reader in READERS if reader.detect(path, data[:HEAD_BYTES])]
        assert len(takers) <= 1, path
        for reader in takers:
            counts["taken"] += 1
            found = Facts(reader, document(data, path))
            assert not [message for _, severity, message in found.problems if severity == "error"], path
            counts.update(key[0] for key in found.nodes)
    assert {name: counts[name] for name in EXPECTED[kind]} == EXPECTED[kind]
