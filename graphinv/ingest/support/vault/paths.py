"""Paths of Vault: one id for a secret, however a policy, a reference or a version of the key-value engine spells it."""

from __future__ import annotations

import re

from graphinv.model.facts import NodeKey

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
