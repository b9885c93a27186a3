from __future__ import annotations

import json

from graphinv.ingest import Document, github_apps
from graphinv.model.facts import NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import document

BOT = "github-app:desk-bot"
KNOWN = [NodeFact("Resource", f"github:{name}") for name in ("Quillmere/desk", "quillmere/pay", "other/x", "quillmere/pay/issues")]


def installation(**more: object) -> dict[str, object]:
    return {
        "id": 77,
        "account": {"login": "quillmere", "type": "Organization"},
        "repository_selection": "all",
        "access_tokens_url": "https://api.github.com/app/installations/77/access_tokens",
        "app_id": 4,
        "app_slug": "desk-bot",
        "permissions": {"contents": "write", "issues": "read", "metadata": "read"},
        "events": ["push"],
        "suspended_at": None,
        **more,
    }


def answer(*entries: dict[str, object], path: str = "installations.json") -> Document:
    return document(json.dumps({"total_count": len(entries), "installations": list(entries)}), path)


def test_an_installation_for_all_repositories_reaches_each_that_is_known_and_the_account() -> None:
    found = Granted(answer(installation()), more=KNOWN)
    assert found.readers == ["github_apps"]
    assert found.access(BOT) == {
        "github:Quillmere/desk": "delete read write",
        "github:Quillmere/desk/issues": "read",
        "github:quillmere/pay": "delete read write",
        "github:quillmere/pay/issues": "read",
        "github:quillmere": "delete read write",
    }
    assert ("github-app:4", BOT) in found.drawn("ASSUMES")
    assert found.nodes["Resource", "github:quillmere"]["type"] == "organization"


def test_one_for_selected_repositories_reaches_those_and_nothing_else() -> None:
    chosen = installation(repository_selection="selected", repositories=[{"full_name": "quillmere/desk"}])
    assert set(Granted(answer(chosen), more=KNOWN).access(BOT)) == {"github:Quillmere/desk", "github:Quillmere/desk/issues"}


def test_permissions_that_let_it_do_more() -> None:
    strong = installation(permissions={"administration": "write", "workflows": "write", "members": "write", "organization_hooks": "read"})
    reach = Granted(answer(strong), more=KNOWN).access(BOT)
    assert reach["github:quillmere/pay"] == "admin execute write"
    assert "admin" in reach["github:quillmere"]


def test_a_suspended_installation_reaches_nothing() -> None:
    found = Granted(answer(installation(suspended_at="2026-01-01T00:00:00Z")), more=KNOWN)
    assert not found.access(BOT)
    assert found.nodes["Identity", BOT]["status"] == "suspended"


def test_a_manifest_asks_and_has_nothing() -> None:
    manifest = {
        "name": "Desk Bot",
        "default_permissions": {"contents": "write"},
        "default_events": ["push"],
        "hook_attributes": {"url": "https://x.example"},
    }
    found = Granted(document(json.dumps(manifest), "manifest.json"))
    assert found.nodes["Identity", BOT]["labels"] == ["permission=contents:write"]
    assert not found.access(BOT)


def token(**more: object) -> dict[str, object]:
    return {
        "id": 5,
        "owner": {"login": "Ada"},
        "repository_selection": "subset",
        "repositories_url": "https://api.github.com/organizations/9/personal-access-tokens/5/repositories",
        "permissions": {"organization": {}, "repository": {"contents": "read"}},
        "access_granted_at": "2026-01-01T00:00:00Z",
        "token_id": 5,
        "token_name": "ci",
        "token_expired": False,
        "token_expires_at": "2026-12-01 00:00:00 UTC",
        "token_last_used_at": None,
        **more,
    }


def test_fine_grained_tokens() -> None:
    listed = token(repositories=[{"full_name": "quillmere/desk"}])
    found = Granted(document(json.dumps([listed]), "tokens.json"), more=KNOWN)
    assert found.drawn("AUTHENTICATES_AS") == {("github-token:5", "github-token:5")}
    assert found.nodes["Secret", "github-token:5"]["expires_at"] == "2026-12-01T00:00:00Z"
    assert found.access("github-token:5") == {"github:Quillmere/desk": "read"}
    assert found.drawn("OWNS") == {("@ada", "github-token:5")}
    assert not Granted(document(json.dumps([token(token_expired=True)]), "t.json"), more=KNOWN).access("github-token:5")
    unsure = Granted(document(json.dumps([token(repository_selection="all")]), "t.json"), more=KNOWN)
    assert [severity for severity, _ in unsure.problems] == ["note"]


def test_odd_shapes_and_other_files() -> None:
    odd = [installation(account=None), installation(permissions=7), token(owner=7, token_id="x")]
    found = Granted(document(json.dumps(odd), "odd.json"))
    assert {severity for severity, _ in found.problems} == {"error"}
    assert not github_apps.detect("package.json", b'{"permissions": ["tabs"], "name": "x"}')
    assert not github_apps.detect("a.yml", b'"app_slug": 1, "permissions": {}')
