"""The readers of infrastructure as code over real files: all are read, and say what a person reads in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

from graphinv.ingest import HEAD_BYTES, cloudformation, ingestors, terraform, terraform_state
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document

FOLDERS: dict[str, ModuleType] = {"tfstate": terraform_state, "bedrock_iac": cloudformation}
EXPECTED = {
    "tfstate": {"documents": 16, "identities": 8, "keys": 6, "runtimes": 2, "policies": 42},
    "bedrock_iac": {"documents": 4, "identities": 18, "runtimes": 14, "agents": 3, "action groups": 5, "policies": 53, "not known": 4},
}
"""Counted by hand; policies are documents and attachments. Left out is what conditions rule out by the defaults of parameters; what is
not known are policies of nested stacks."""


def read(reader: ModuleType, folder: Path) -> dict[str, Facts]:
    found: dict[str, Facts] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = file.relative_to(folder)
        data, path = file.read_bytes(), "/".join(inside.parts[1:])
        assert reader.detect(path, data[:HEAD_BYTES]), inside
        made = document(data, path, root=inside.parts[0])
        found[str(inside)] = linked(reader, {path: data.decode()}, inside.parts[0]) if hasattr(reader, "link") else Facts(reader, made)
    return found


def counted(found: dict[str, Facts]) -> dict[str, int]:
    counts: Counter[str] = Counter(documents=len(found))
    for facts in found.values():
        kinds = Counter(kind for kind, _ in facts.nodes)
        counts["identities"] += sum(kind == "Identity" and name.startswith("arn:") for kind, name in facts.nodes)
        counts["keys"] += sum(name.startswith("aws-access-key:") for _, name in facts.nodes)
        counts["runtimes"] += kinds["Runtime"]
        counts["agents"] += kinds["Agent"]
        counts["action groups"] += kinds["ToolServer"]
        counts["policies"] += sum(isinstance(fact, Grant) for fact in facts.all)
        counts["not known"] += len(facts.problems)
    return {name: count for name, count in counts.items() if count}


def test_every_file_is_read_and_says_what_a_person_reads_in_it(corpus: Path) -> None:
    assert {folder: counted(read(reader, corpus / folder)) for folder, reader in FOLDERS.items()} == EXPECTED


def test_nothing_else_takes_them_and_nothing_of_other_formats_is_taken(corpus: Path) -> None:
    for file in sorted(path for path in corpus.rglob("*") if path.is_file()):
        folder, *rest = file.relative_to(corpus).parts
        path, head = "/".join(rest[1:]) or file.name, file.read_bytes()[:HEAD_BYTES]
        if folder in FOLDERS:
            assert [taker.NAME for taker in ingestors() if taker.detect(path, head)] == [FOLDERS[folder].NAME], path
        else:
            # Templates lie among the files of other formats too, and Terraform reads policies of Vault from files.
            takers = [reader.NAME for reader in (terraform, *FOLDERS.values()) if reader.detect(path, head)]
            assert b"AWSTemplateFormatVersion" in head or takers == ([terraform.NAME] if folder == "vault_policy" and takers else []), path
