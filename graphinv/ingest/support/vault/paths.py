"""Paths of Vault: one id for a secret, however a policy, a reference or a version of the key-value engine spells it."""

from __future__ import annotations

import re

from graphinv.model.facts import NodeFact, NodeKey

LOGIN = re.compile(r"auth/(?P<mount>.{1,100}?)/login(?:/(?P<name>[^/]{1,200}))?")
"""Path at which somebody logs in."""
USED = re.compile(
    r"(?P<mount>[^/]+)/(?P<verb>encrypt|decrypt|rewrap|sign|verify|hmac|datakey/\w+|issue|sign-verbatim|keys|export)/(?P<name>.+)"
)
"""Paths at which a key is used, and not read."""
_DATA = re.compile(r"(?P<mount>[^/]+)/(?:data|metadata|delete|undelete|destroy)/(?P<rest>.+)")
_REFERENCE = re.compile(r"vault:(?://)?(?P<path>[^#?\s]{1,300})(?:[#?].*)?", re.DOTALL)


def plain_path(path: str) -> str:
    """A path of the key-value engine without what its second version puts after the mount; other paths as they are.

    >>> plain_path("/secret/data/shop/db"), plain_path("database/creds/reader")
    ('secret/shop/db', 'database/creds/reader')
    """
    stripped = path.strip("/ ")
    match = _DATA.fullmatch(stripped)
    return f"{match['mount']}/{match['rest']}" if match else stripped


def key_of(kind: str, root: str, path: str) -> NodeKey:
    """The node of ``kind`` for what lies at ``path`` of the Vault that the files of ``root`` speak of."""
    return kind, f"vault:{root}/{path.strip('/')}"


def referenced(reference: str) -> str:
    """Path that a reference such as ``vault:secret/data/shop/db#password`` means; ``""`` where it is none into a Vault.

    >>> referenced("vault:secret/data/shop/db#password"), referenced("op://vault/item")
    ('secret/shop/db', '')
    """
    match = _REFERENCE.fullmatch(reference)
    return plain_path(match["path"]) if match else ""


def thing_at(root: str, path: str, *, listed: bool = False) -> NodeFact:
    """What lies at a path without wildcards: a key that is used there, a folder that is ``listed``, a secret.

    >>> thing_at("shop", "transit/decrypt/card").id, thing_at("shop", "secret/data/pay/stripe").key
    ('vault:shop/transit/keys/card', ('Secret', 'vault:shop/secret/pay/stripe'))
    >>> thing_at("shop", "secret/metadata/", listed=True).id
    'vault:shop/secret/*'
    """
    used, name = USED.fullmatch(path), plain_path(path)
    if used:
        name = f"{used['mount']}/keys/{used['name']}"
        return NodeFact(*key_of("Resource", root, name), {"name": name, "type": "key"})
    if listed:
        name = plain_path(f"{path.strip('/')}/x").removesuffix("/x")
        return NodeFact(*key_of("Resource", root, f"{name}/*"), {"name": f"{name}/*", "type": "vault_folder"})
    kind = "dynamic_credential" if re.search(r"/(?:static-)?creds/", name) else "stored_secret"
    return NodeFact(*key_of("Secret", root, name), {"name": name, "type": kind})
