"""Connectors of the Power Platform and of Azure Logic Apps: what their operations do, and the connections that they are used with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest.support.lowcode import Flow, Where, called
from graphinv.ingest.support.lowcode_services import Does, does, service_of
from graphinv.model.facts import Fact, NodeKey

_SERVICES: Mapping[str, str] = {
    "office365": "outlook",
    "sharepointonline": "sharepoint",
    "onedriveforbusiness": "onedrive",
    "excelonline": "microsoftexcel",
    "excelonlinebusiness": "microsoftexcel",
    "wordonlinebusiness": "word",
    "azureblob": "s3",
    "azuread": "microsoftentra",
    "azuretables": "cosmosdb",
    "documentdb": "cosmosdb",
    "commondataservice": "dataverse",
    "commondataserviceforapps": "dataverse",
    "webcontents": "http",
    "azureeventgrid": "eventgrid",
}
"""Connectors by what the table of services calls them, where that is another name."""
_NUMBERED = re.compile(r"[-_](5f)|-(2[0-9a-f])", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"_[0-9a-f]{16,20}$")
_BY_METHOD: Mapping[str, str] = {"get": "get", "post": "create", "put": "update", "patch": "update", "delete": "delete"}
_SENDS = frozenset({"mail", "chat", "post"})
"""Sorts of services where to create is to send."""


def own_name(connector: str) -> str:
    """Name of a connector of one's own without the mark of its environment, and with what is written as its number read.

    >>> own_name("acme-5fstock-20list-5f4fe69411b7a87261"), own_name("acme_5Fstock-20list"), own_name("sharepointonline")
    ('acme_stock list', 'acme_stock list', 'sharepointonline')
    """
    return _ENVIRONMENT.sub("", _NUMBERED.sub(lambda found: chr(int(found[1] or found[2], 16)), connector))


def connector_of(name: str) -> str:
    """A connector by the id of its API, or by what connections with it are called.

    >>> connector_of("/providers/Microsoft.PowerApps/apis/shared_office365"), connector_of("office365-1"), connector_of("shared_teams_2")
    ('office365', 'office365', 'teams')
    """
    last = name.rpartition("/")[2].removeprefix("shared_")
    return own_name(re.sub(r"[-_]\d{1,2}$", "", last))


def operation(connector: str, name: str, method: str = "") -> Does:
    """What an operation of a connector does: by its name, or, where the document has none, by the method of the request that it is."""
    service = _SERVICES.get(connector, connector)
    if name.startswith("aibuilderpredict"):  # a model, which the connector of Dataverse also offers
        return does("aibuilder")
    if name:
        return does(service, name)
    known = service_of(service)
    verb = _BY_METHOD.get(method.lower(), "")
    if known is not None and known.sort in _SENDS and verb == "create":
        verb = "send"
    return does(service, verb)


def connection(flow: Flow, holders: Iterable[NodeKey], reference: str, at: Where) -> Iterator[Fact]:
    """A connection that somebody made, with what he may do; agents and flows of a root know it by one name."""
    key = ("Secret", f"power-platform:{flow.document.root}#connection/{called(reference)}")
    yield flow.node(*key, at, name=called(reference), kind_detail="connection", type="oauth_token")
    for holder in holders:
        yield flow.edge("HOLDS", holder, key, at, place="vault")
