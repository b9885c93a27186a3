"""Resources of Terraform's GitHub provider: repositories, who may do what in them, teams, secrets of Actions, deploy keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.partial import Unknown, Value, is_known, references, text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, NodeKey, Props

_PUSH = ("delete", "execute", "read", "write")
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "pull": ("read",),
    "triage": ("read",),
    "push": _PUSH,
    "maintain": _PUSH,
    "admin": ("admin",),
}
"""Whoever pushes changes what the repository's workflows run."""
_PRIVATE_KEY = re.compile(r"(?:.*\.)?tls_private_key\..*")


def _owner(one: Resource) -> str:
    return one.home.tenant or text_of(Unknown("github.owner"))


def _repository(context: Context, one: Resource, value: Value) -> NodeKey:
    """A repository by its name, with or without its owner, or by a reference to it."""
    found = referred(context, value, "github_repository")
    text = stated(one, (found.get("name") if found else None) or value)
    return "Resource", context.site(one).id(f"github:{text}" if "/" in text and is_known(text) else f"github:{_owner(one)}/{text}")


def _team(context: Context, one: Resource, value: Value) -> NodeKey:
    """A team by its address in the organisation, which follows from its name."""
    found = referred(context, value, "github_team")
    text = stated(one, (found.get("slug", "name") if found else None) or value)
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-") if is_known(text) else text
    return "Identity", context.site(one).id(f"github-team:{_owner(one)}/{slug}")


def _user(context: Context, one: Resource, value: Value) -> NodeKey:
    return "Identity", context.site(one).id(f"github-user:{stated(one, value).lower()}")


def _person(context: Context, one: Resource, key: NodeKey) -> Fact:
    return context.site(one).node(*key, key[1].removeprefix("github-user:"), type="human", provider="github")


def _allowed(context: Context, one: Resource, holder: NodeKey, repository: NodeKey, permission: Value) -> Iterator[Fact]:
    """(:Identity)-[:CAN_ACCESS]->(:Resource repository)"""
    site, word = context.site(one), text_of(permission or "push")
    # Roles of an organisation's own: at least those of one who reads, often more.
    said: Props = {"actions": list(_ACTIONS[word])} if word in _ACTIONS else {"actions": ["read", "write"], "evidence": ["inferred"]}
    yield site.node(*repository, repository[1].removeprefix("github:"), type="repository")
    yield site.edge("CAN_ACCESS", holder, repository, **said, inherited_from=site.name(word))


def _made(context: Context, one: Resource) -> Iterator[Fact]:
    site, key = context.site(one), _repository(context, one, one.get("name"))
    public = one.text("visibility") == "public" or (one.get("visibility") is None and one.values.get("private") is False)
    yield site.node(*key, one.text("name") or one.address, type="repository", sensitivity="public" if public else None)


def _of_team(context: Context, one: Resource) -> Iterator[Fact]:
    """A team. What the team around it may do it may too."""
    site, key = context.site(one), _team(context, one, one.get("name"))
    yield site.node(*key, one.text("name") or one.address, type="group", provider="github")
    if one.get("parent_team_id") is not None:
        yield site.edge("MEMBER_OF", key, _team(context, one, one.get("parent_team_id")))


def _team_has(context: Context, one: Resource) -> Iterator[Fact]:
    team, repository = _team(context, one, one.get("team_id")), _repository(context, one, one.get("repository"))
    yield from _allowed(context, one, team, repository, one.get("permission") or "pull")


def _members(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity user)-[:MEMBER_OF]->(:Identity team)"""
    for block in one.blocks("members") if one.type == "github_team_members" else [one.values]:
        if block.get("username") is not None:
            user = _user(context, one, block["username"])
            yield _person(context, one, user)
            yield context.site(one).edge("MEMBER_OF", user, _team(context, one, one.get("team_id")))


def _membership(context: Context, one: Resource) -> Iterator[Fact]:
    """A member of the organisation; an owner of it may do everything."""
    site, user = context.site(one), _user(context, one, one.get("username"))
    yield _person(context, one, user)
    if one.text("role") == "admin":
        account: NodeKey = ("Resource", site.id(f"github:{_owner(one)}"))
        yield site.node(*account, _owner(one), type="organization", kind_detail="github account")
        yield site.edge("CAN_ACCESS", user, account, actions=["admin"], inherited_from="owner of the organisation")


def _collaborators(context: Context, one: Resource) -> Iterator[Fact]:
    repository = _repository(context, one, one.get("repository"))
    for block in one.blocks("user") if one.type == "github_repository_collaborators" else [one.values]:
        if block.get("username") is not None:
            user = _user(context, one, block["username"])
            yield _person(context, one, user)
            yield from _allowed(context, one, user, repository, block.get("permission"))
    for block in one.blocks("team"):
        yield from _allowed(context, one, _team(context, one, block.get("team_id")), repository, block.get("permission"))


def _secret(context: Context, one: Resource) -> Iterator[Fact]:
    """A secret of Actions: of a repository, an environment of one, or the organisation."""
    site, name = context.site(one), text_of(one.get("secret_name") or Unknown(one.address))
    place = _repository(context, one, one.get("repository"))[1] if one.get("repository") is not None else site.id(f"github:{_owner(one)}")
    environment = f"/{text_of(one.get('environment'))}" if one.get("environment") is not None else ""
    id = site.id(f"github-secret:{place.removeprefix('github:')}{environment}#{name}")
    yield from declared.secret(site, id, "github_actions_secret", name, one.text("plaintext_value", "value"))


def _deploy_key(context: Context, one: Resource) -> Iterator[Fact]:
    """A key for one repository, which its other half opens wherever that is kept."""
    site, repository = context.site(one), _repository(context, one, one.get("repository"))
    title = one.text("title") or one.address
    key: NodeKey = ("Identity", site.id(f"github-deploy-key:{repository[1].removeprefix('github:')}/{title}"))
    yield site.node(*key, title, type="deploy_key", provider="github", binding="bearer")
    yield from _allowed(context, one, key, repository, "pull" if one.values.get("read_only", True) is True else "push")
    for reference in references(text_of(one.get("key"))):
        if _PRIVATE_KEY.fullmatch(reference):
            secret = declared.made(site, reference.rpartition(".")[0])
            yield site.node(*secret, f"private half of {title}", type="ssh_key", lifetime="static")
            yield site.edge("AUTHENTICATES_AS", secret, key)


READERS: Mapping[str, Reader] = {
    "github_repository": _made,
    "github_team": _of_team,
    "github_team_repository": _team_has,
    **dict.fromkeys(("github_team_membership", "github_team_members"), _members),
    "github_membership": _membership,
    **dict.fromkeys(("github_repository_collaborator", "github_repository_collaborators"), _collaborators),
    **dict.fromkeys(("github_actions_secret", "github_actions_organization_secret", "github_actions_environment_secret"), _secret),
    "github_repository_deploy_key": _deploy_key,
}
