"""What GitHub's MCP server offers under the settings it is given: sets of tools, single tools, read-only.

Read from github/github-mcp-server 64a49f34d076, as the catalogue's entry is. Tools behind feature flags are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphinv.ingest.support.words import names, program

_READS: Mapping[str, frozenset[str]] = {
    "actions": names("actions_get actions_list get_job_logs"),
    "code_quality": names("get_code_quality_finding"),
    "code_security": names("get_code_scanning_alert list_code_scanning_alerts"),
    "context": names("get_me get_team_members get_teams"),
    "copilot": names(""),
    "copilot_issue_intents": names(""),
    "copilot_spaces": names(""),
    "dependabot": names("get_dependabot_alert list_dependabot_alerts"),
    "discussions": names("get_discussion get_discussion_comments list_discussion_categories list_discussions"),
    "gists": names("get_gist list_gists"),
    "git": names("get_repository_tree"),
    "github_support_docs_search": names(""),
    "issues": names("get_label issue_read list_issue_fields list_issue_types list_issues search_issues"),
    "labels": names("get_label list_label"),
    "notifications": names("get_notification_details list_notifications"),
    "orgs": names("search_orgs"),
    "projects": names("projects_get projects_list"),
    "pull_requests": names("list_pull_requests pull_request_read search_pull_requests"),
    "repos": names(
        """
        get_commit get_file_contents get_latest_release get_release_by_tag get_tag list_branches list_commits list_releases
        list_repository_collaborators list_tags search_code search_commits search_repositories
        """
    ),
    "secret_protection": names("get_secret_scanning_alert list_secret_scanning_alerts"),
    "security_advisories": names(
        """
        get_global_security_advisory list_global_security_advisories list_org_repository_security_advisories
        list_repository_security_advisories
        """
    ),
    "stargazers": names("list_starred_repositories"),
    "users": names("search_users"),
}
_WRITES: Mapping[str, frozenset[str]] = {
    "actions": names("actions_run_trigger"),
    "copilot": names("assign_copilot_to_issue request_copilot_review"),
    "copilot_issue_intents": names("assign_copilot_to_issue_with_intent"),
    "discussions": names("discussion_comment_write"),
    "gists": names("create_gist update_gist"),
    "issues": names("add_issue_comment issue_write sub_issue_write"),
    "labels": names("label_write"),
    "notifications": names(
        "dismiss_notification manage_notification_subscription manage_repository_notification_subscription mark_all_notifications_read"
    ),
    "projects": names("projects_write"),
    "pull_requests": names(
        """
        add_comment_to_pending_review add_reply_to_pull_request_comment create_pull_request merge_pull_request pull_request_review_write
        update_pull_request update_pull_request_branch
        """
    ),
    "repos": names("create_branch create_or_update_file create_repository delete_file delete_repository fork_repository push_files"),
    "stargazers": names("star_repository unstar_repository"),
}
_REMOTE: Mapping[str, frozenset[str]] = {
    "copilot": names("create_pull_request_with_copilot"),
    "copilot_spaces": names("get_copilot_space list_copilot_spaces"),
    "github_support_docs_search": names("github_support_docs_search"),
}
"""What only the remote server has."""
_DEFAULT = names("context copilot issues pull_requests repos users")
_WORD = re.compile(r"[A-Za-z0-9_]+")
_OFF = names("false f no n 0 off")
_SETTING = re.compile(
    r"(?:GITHUB_|X-MCP-)?(toolsets?|tools|exclude[_-]tools|read[_-]?only|features|insiders|dynamic[_-]toolsets)", re.IGNORECASE
)
_ADDRESS = re.compile(r"/mcp(?:/x/(?P<set>\w+))?(?P<reads>/readonly)?(?P<more>/.*)?")


def is_github_server(package: str | None, command: str, host: str) -> bool:
    """Whether a server is GitHub's: by its package, by the program that is started, or by the host that it is reached at."""
    return (
        (package or "").partition("@")[0].partition("?")[0].endswith("/github/github-mcp-server")
        or program(command) == "github-mcp-server"
        or host == "api.githubcopilot.com"
        or (host.startswith("copilot-api.") and host.endswith(".ghe.com"))
    )


def setting(name: str) -> str | None:
    """The setting that a variable, header or option means: ``GITHUB_TOOLSETS``, ``X-MCP-Toolsets`` and ``toolsets`` are one.

    >>> setting("X-MCP-Readonly"), setting("GITHUB_READ_ONLY"), setting("GITHUB_HOST")
    ('readonly', 'readonly', None)
    """
    match = _SETTING.fullmatch(name)
    return re.sub(r"[_-]", "", match[1].lower()) if match else None


def offered(settings: Mapping[str, str], address: str | None, *, latest: bool) -> list[str] | None:
    """The tools that are left under ``settings`` (as :func:`setting` calls them); None where that is not known.

    Args:
        settings: setting → value.
        address: where the server is reached, if it is a remote one; its path may name one set, and read-only.
        latest: whether it is as new as what is known here, so that nothing said means its default sets.
    """
    if any(_on(settings.get(name, "")) for name in ("features", "insiders", "dynamictoolsets")):
        return None
    place = _ADDRESS.fullmatch(re.sub(r"^\w+://[^/]*|[?#].*$", "", address).rstrip("/")) if address else None
    if address and (place is None or place["more"]):
        return None
    sets = [place["set"]] if place and place["set"] else _words(settings.get("toolsets", settings.get("toolset", "")))
    single = _words(settings.get("tools", ""))
    without = _words(settings.get("excludetools", ""))
    reads = _on(settings.get("readonly", "")) or bool(place and place["reads"])
    if sets is None or single is None or without is None:
        return None
    if not sets and not single:
        if not latest:
            return None
        sets = ["default"]
    wanted = {one for name in sets for one in (_READS if name == "all" else _DEFAULT if name == "default" else (name,))}
    if not wanted <= _READS.keys():
        return None
    writes = {*_of(_WRITES, _WRITES), *_REMOTE["copilot"]}
    found = {*single, *_of(_READS, wanted), *_of(_WRITES, wanted), *(_of(_REMOTE, wanted) if address else ())} - {*without}
    return sorted(found - writes if reads else found)


def _of(table: Mapping[str, frozenset[str]], sets: Iterable[str]) -> set[str]:
    return {tool for name in sets for tool in table.get(name, ())}


def _on(text: str) -> bool:
    return bool(text.strip()) and text.strip().lower() not in _OFF


def _words(text: str) -> list[str] | None:
    """The words of a list with commas; None where one is no name, such as a variable that is filled in later."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    return found if all(map(_WORD.fullmatch, found)) else None
