"""Which types of resources are read, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest.support.cloudformation.translate import translated
from graphinv.ingest.support.cloudformation.types import CONTROL
from graphinv.ingest.support.terraform import (
    auth0,
    aws,
    azure,
    bedrock,
    databricks,
    eks,
    entra,
    github,
    google,
    identity_center,
    keycloak,
    kubernetes,
    manifests,
    okta,
    organisations,
    snowflake,
    vault,
)
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Problem

READERS: Mapping[str, Reader] = {
    **aws.READERS,
    **bedrock.READERS,
    **eks.READERS,
    **identity_center.READERS,
    **organisations.READERS,
    **google.READERS,
    **azure.READERS,
    **entra.READERS,
    **kubernetes.READERS,
    **manifests.READERS,
    **vault.READERS,
    **okta.READERS,
    **auth0.READERS,
    **keycloak.READERS,
    **snowflake.READERS,
    **databricks.READERS,
    **github.READERS,
}


def readable(resources: Iterable[Resource]) -> Iterator[Resource]:
    """``resources``, those of the provider that is made from CloudFormation's types (``awscc_…``) as the AWS provider would have them."""
    for one in resources:
        kind = CONTROL.get(one.type)
        if kind is None:
            yield one
        elif one.mode == "managed":
            yield from translated(one, kind)


def facts_of(context: Context) -> Iterator[Fact]:
    """Facts of all resources of a configuration or state."""
    for one in context.resources:
        reader = (READERS.get(one.type) or google.reader_of(one.type)) if one.mode == "managed" else None
        if reader is None:
            continue
        try:
            yield from reader(context, one)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, RecursionError):
            # Values of any shape may stand anywhere; one that fits no reading costs its own resource only.
            yield Problem(one.path, f"L{one.line}", f"{one.type} has values of unexpected types", "error", context.ingestor)
