"""The readers of Claude Code's formats and of code owners over real files: all of them are read, and say what a person reads in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

from graphinv.ingest import claude_agents, claude_plugins, claude_settings, claude_skills, codeowners
from graphinv.model.facts import Binding, EdgeFact, OwnerRule, Ref
from tests.ingest.reading import Facts, document

FOLDERS: dict[str, ModuleType] = {
    "claude_agents": claude_agents,
    "claude_settings": claude_settings,
    "claude_plugin": claude_plugins,
    "claude_hooks": claude_plugins,
    "claude_skill": claude_skills,
    "codeowners": codeowners,
}
EXPECTED = {
    "claude_agents": {"documents": 14, "agents": 14, "hosts": 14, "delegations": 15, "servers": 10, "models": 9},
    "claude_settings": {"documents": 6, "hosts": 6, "servers": 1, "hooks": 6, "helpers": 1, "packages": 8},
    "claude_plugin": {"documents": 8, "packages": 99},
    "claude_hooks": {"documents": 2, "hosts": 2, "hooks": 4},
    "claude_skill": {"documents": 7, "hosts": 5, "skills": 7},
    "codeowners": {"documents": 8, "owners": 32, "rules": 46},
}
"""Counted by hand."""


def read(reader: ModuleType, folder: Path) -> dict[str, Facts]:
    """Facts by path below the repository's folder; every file is recognised, none is refused."""
    found: dict[str, Facts] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = file.relative_to(folder)
        data, path = file.read_bytes(), "/".join(inside.parts[1:])
        assert reader.detect(path, data[:4096]), inside
        found[str(inside)] = Facts(reader, document(data, path, root=inside.parts[0]))
    return found


def counted(found: dict[str, Facts]) -> dict[str, int]:
    counts: Counter[str] = Counter(documents=len(found))
    owners: set[str] = set()
    for facts in found.values():
        for (kind, id), props in facts.nodes.items():
            detail = props.get("kind_detail", "")
            if kind == "Owner":
                owners.add(id)
            elif kind == "Agent":
                counts["hosts" if detail.endswith("host") else "agents"] += 1
            elif kind == "Tool" and detail in ("hook", "skill", "helper command"):
                counts[{"hook": "hooks", "skill": "skills"}.get(detail, "helpers")] += 1
            elif kind == "Package" and detail == "claude-plugin":
                counts["packages"] += 1
        counts["delegations"] += sum(edge.kind == "DELEGATES_TO" for edge in facts.edges)
        counts["servers"] += sum(edge.kind == "CONNECTS_TO" for edge in facts.edges)
        counts["models"] += sum(edge.kind == "USES_MODEL" for edge in facts.edges)
        counts["rules"] += sum(isinstance(fact, OwnerRule) for fact in facts.all)
    counts["owners"] = len(owners)
    return {name: count for name, count in counts.items() if count}


def test_every_file_is_read_and_says_what_a_person_reads_in_it(corpus: Path) -> None:
    shown = {folder: counted(read(reader, corpus / folder)) for folder, reader in FOLDERS.items()}
    assert shown == EXPECTED


def test_nothing_in_them_is_left_unread(corpus: Path) -> None:
    problems = [
        (path, problem)
        for folder, reader in FOLDERS.items()
        for path, facts in read(reader, corpus / folder).items()
        for problem in facts.problems
    ]
    assert problems == []


def test_none_of_them_holds_a_secret(corpus: Path) -> None:
    held = Counter(
        edge.target.name if isinstance(edge.target, Ref) else edge.target[1]
        for folder, reader in FOLDERS.items()
        for facts in read(reader, corpus / folder).values()
        for edge in facts.all
        if isinstance(edge, EdgeFact) and edge.kind == "HOLDS"
    )
    assert held == {}


def test_agents_and_servers_are_bound_to_their_names(corpus: Path) -> None:
    bound = Counter(
        fact.target[0]
        for folder, reader in FOLDERS.items()
        for facts in read(reader, corpus / folder).values()
        for fact in facts.all
        if isinstance(fact, Binding)
    )
    assert bound == {"Agent": 14, "ToolServer": 1, "Tool": 7}
