"""Which resource of a configuration another one means: by a reference to it, or in a state by its id."""

from __future__ import annotations

from collections.abc import Mapping

from graphinv.ingest.support.partial import Unknown, Value, known_parts, references, text_of
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.program import Resource

_IDS = ("id", "client_id", "application_id", "user_id", "service_account_user_id", "fully_qualified_name")
"""Attributes by which others may call a resource whose values are all known."""


def referred(context: Context, value: Value, *kinds: str) -> Resource | None:
    """The resource of one of ``kinds`` that ``value`` is an attribute of; None where it is of none, or of several.

    O(1) after the first call for a configuration.
    """
    text = text_of(value)
    said = references(text)
    if len(said) == 1 and not known_parts(text):
        one = context.once("addresses", lambda: _by_address(context)).get(said[0].rpartition(".")[0])
        return one if one is not None and one.type in kinds else None
    if not text or said:
        return None
    known = context.once("ids", lambda: _by_id(context))
    return next((found for kind in kinds if (found := known.get((kind, text))) is not None), None)


def stated(one: Resource, value: Value) -> str:
    """``value`` as text; where it is nothing or empty, what stands for the thing that ``one`` leaves open."""
    return text_of(value) or text_of(Unknown(one.address))


def _by_address(context: Context) -> Mapping[str, Resource]:
    # As a mark spells an address: without the quotes of its index.
    return {references(text_of(Unknown(one.address)))[0]: one for one in context.resources}


def _by_id(context: Context) -> Mapping[tuple[str, str], Resource]:
    return {(one.type, text): one for one in context.resources for name in _IDS if (text := one.text(name))}
