"""A login as a program keeps it: a token, what renews it, until when it holds, what for, and as whom.

Drawn:
    (:Secret token)-[:DERIVED_FROM {via: refresh}]->(:Secret refresh token)
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity that its claims name)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest import Document
from graphinv.ingest.support.azure import names as azure
from graphinv.ingest.support.gcp import names as gcp
from graphinv.ingest.support.jwt import Claims, claims_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import Recognised, claimed, formed, interpolations, is_placeholder, secret_node, url_parts
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

_MICROSOFT = ("login.microsoftonline.com", "sts.windows.net")
_PEOPLE = ("email", "upn", "preferred_username")
_SHORTEST = 8
OAUTH = "oauth_access_token"


@dataclass(frozen=True, slots=True)
class Login:
    """One login of a file. Times are those that the file states; what the token itself says stands where it states none.

    ``name`` is for people. ``identity`` is the id token of OpenID: who logged in, and when; it opens nothing by itself.
    """

    name: str
    line: int
    token: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)
    kind: str = OAUTH
    issued_at: str | None = None
    expires_at: str | None = None
    ttl_seconds: int | None = None
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def login_facts(document: Document, login: Login) -> Iterator[NodeFact | EdgeFact]:
    """The secrets of a login, the token first; nothing where only placeholders stand there."""
    common: Props = {"evidence": ["declared"], "sources": [document.source(login.line)]}
    who = claims_of(login.identity)
    token, refresh = (_found(login, value) for value in (login.token, login.refresh))
    own = token.claims if token else None
    person = _person(who, common) or _person(own, common)
    if person is not None:
        yield person
    keys: list[NodeKey] = []
    for found, kind in ((token, login.kind), (refresh, "oauth_refresh_token")):
        if found is None:
            continue
        node = secret_node(document, login.line, found)
        keys.append(node.key)
        said = _token(login, own, renewed=refresh is not None) if found is token else _refresh(login, who)
        named = {"name": f"{kind.replace('_', ' ')} of {login.name}", "type": found.type or kind}
        yield NodeFact(*node.key, {**node.props, **named, **{name: value for name, value in said.items() if value is not None}})
        if person is not None:
            yield EdgeFact("AUTHENTICATES_AS", node.key, person.key, common)
    if len(keys) == 2:
        yield EdgeFact("DERIVED_FROM", keys[0], keys[1], {"via": "refresh", **common})


def _found(login: Login, value: str) -> Recognised | None:
    """A value that stands where a program keeps a credential: one, unless it plainly stands for one."""
    if len(value.strip()) < _SHORTEST or interpolations(value) or is_placeholder(value):
        return None
    whole = next((one for one in formed(value) if one.secret == value.strip()), None)
    return whole or Recognised("", "", value)


def _token(login: Login, claims: Claims | None, *, renewed: bool) -> Props:
    said = claimed(claims) if claims else {}
    ends = login.expires_at or login.ttl_seconds or said.get("expires_at")
    open_end = None if login.kind == OAUTH else "static"  # who issued a token of OAuth knows its end, and does not always say
    return {
        **said,
        "issued_at": said.get("issued_at") or login.issued_at,
        "expires_at": said.get("expires_at") or login.expires_at,
        "ttl_seconds": login.ttl_seconds,
        "lifetime": "ephemeral" if ends or renewed else open_end,
        "renewable": True if renewed else None,
        "audience": said.get("audience") or [hide(one) for one in login.audience] or None,
        "scopes": said.get("scopes") or [hide(one) for one in login.scopes] or None,
    }


def _refresh(login: Login, who: Claims | None) -> Props:
    """It goes on for as long as it is used: since the login, which only the id token tells."""
    audience, scopes = ([hide(one) for one in many] or None for many in (login.audience, login.scopes))
    return {"renewable": True, "issued_at": who.moment("auth_time") if who else None, "audience": audience, "scopes": scopes}


def _person(claims: Claims | None, common: Props) -> NodeFact | None:
    """Whom a token stands for, by the id that others of its issuer go by; None where it names nobody."""
    if claims is None:
        return None
    parts = url_parts(claims.text("iss"))
    host = parts.host if parts else ""
    shown = hide(claims.text(*_PEOPLE, "name"))
    props: Props = {"binding": "bearer", "sources": common["sources"], "type": "human" if claims.text(*_PEOPLE) else None}
    subject = hide(claims.text("sub", "client_id", "azp"))
    guid = claims.text("oid") or claims.text("appid", "azp")
    if host in _MICROSOFT and azure.is_guid(guid):
        key, props = azure.identity(guid), {**props, "provider": "entra"}
    elif host == "accounts.google.com" and (member := gcp.member(f"user:{hide(claims.text('email'))}")) is not None:
        key, props = member.key, {**props, **member.props}
    elif parts is not None and host and subject:
        key = ("Identity", f"oidc:{host}{parts.path.rstrip('/')}#{subject}")
    else:
        return None
    named = {"name": props.get("name") or shown or subject or key[1]}
    return NodeFact(*key, {name: value for name, value in {**props, **named}.items() if value is not None})
