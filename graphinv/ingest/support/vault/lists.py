"""Lists as Vault takes them."""

from __future__ import annotations

from graphinv.ingest.support.parts import tells


def words(value: object) -> list[str]:
    """Texts of a list, or of a text with commas as ``vault write`` takes it.

    >>> words("app, ops"), words(["app"]), words(None)
    (['app', 'ops'], ['app'], [])
    """
    found = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [one.strip() for one in found[:1000] if isinstance(one, str) and tells(one)]
