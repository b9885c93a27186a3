from __future__ import annotations

import pytest

from graphinv.ingest import codeowners
from graphinv.model.facts import OwnerRule
from tests.ingest.reading import Facts, document, fixture


def rules(found: Facts) -> list[tuple[str, str, list[str]]]:
    ordered = sorted((fact for fact in found.all if isinstance(fact, OwnerRule)), key=lambda rule: rule.rank)
    return [(rule.section, rule.pattern, [id for _, id in rule.owners]) for rule in ordered]


def facts(text: str, path: str = "CODEOWNERS") -> Facts:
    return Facts(codeowners, document(text, path))


def test_github_rules_in_order_with_their_owners() -> None:
    found = Facts(codeowners, fixture("codeowners/github/.github/CODEOWNERS", "svc/.github/CODEOWNERS"))
    assert rules(found) == [
        ("", "*", ["@acme/platform"]),
        ("", "/agents/", ["@acme/agents", "ops@acme.example"]),
        ("", "docs/my\\ notes.md", ["@kim"]),
        ("", "/agents/free.md", []),
        ("", "*.secret", []),
    ]
    assert {(id, props["type"]) for (_, id), props in found.nodes.items()} == {
        ("@acme/platform", "team"),
        ("@acme/agents", "team"),
        ("ops@acme.example", "person"),
        ("@kim", "person"),
    }
    assert found.nodes["Owner", "ops@acme.example"]["email"] == "ops@acme.example"
    assert [(where, severity) for where, severity, _ in found.problems] == [("L6", "warning")]
    rule = next(fact for fact in found.all if isinstance(fact, OwnerRule))
    assert (rule.folder, rule.source) == ("svc", "shop/svc/.github/CODEOWNERS#L2")


def test_gitlab_sections_with_default_owners_and_exclusions() -> None:
    found = Facts(codeowners, fixture("codeowners/gitlab/CODEOWNERS", ".gitlab/CODEOWNERS"))
    assert rules(found) == [
        ("", "*", ["@acme/platform"]),
        ("docs", "docs/", ["@acme/writers"]),
        ("docs", "README.md", ["@kim"]),
        ("docs", "**/docs/generated/", []),
        ("security", "**/src/auth/", ["@@maintainers", "sec@acme.example"]),
    ]
    assert found.nodes["Owner", "@@maintainers"]["type"] == "team"


@pytest.mark.parametrize(
    ("path", "folder"),
    [("CODEOWNERS", ""), ("docs/CODEOWNERS", ""), (".github/CODEOWNERS", ""), ("a/b/CODEOWNERS", "a/b"), ("a/.gitlab/CODEOWNERS", "a")],
)
def test_the_folder_that_is_governed(path: str, folder: str) -> None:
    assert {fact.folder for fact in facts("* @a", path).all if isinstance(fact, OwnerRule)} == {folder}


def test_the_file_in_github_s_own_folder_comes_before_the_others() -> None:
    ranks = [
        max(fact.rank for fact in facts("* @a\n* @b", path).all if isinstance(fact, OwnerRule))
        for path in ("docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS")
    ]
    assert ranks == sorted(ranks)


def test_a_character_class_is_a_pattern_and_no_section() -> None:
    assert rules(facts("[ab].txt @kim\n")) == [("", "[ab].txt", ["@kim"])]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "\\\n"])
def test_files_without_rules(text: str) -> None:
    assert facts(text).all == []


def test_a_credential_in_the_place_of_an_owner_is_not_repeated() -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    found = facts(f"* @acme/{secret} {secret}@acme.example @kim\n")
    assert list(found.nodes) == [("Owner", "@kim")]
    assert secret not in repr(found.problems)


def test_a_pattern_of_unusual_length_is_named_and_left_out() -> None:
    found = facts("a" * 1_001 + " @acme/a\n*.md @acme/b\n")
    assert found.problems == [("L1", "warning", "a pattern of more than 1,000 characters is not read")]
    assert rules(found) == [("", "*.md", ["@acme/b"])]
