"""ARM templates and Bicep: what they deploy, under which identities, with which roles and keys."""

from __future__ import annotations

import json
from typing import Any

from graphinv.ingest import arm
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake, fingerprint
from tests.ingest.test_terraform_clouds import reached

PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def read(files: dict[str, str] | str) -> Facts:
    return linked(arm, {"infra/main.bicep": files} if isinstance(files, str) else files)


def template(**sections: Any) -> str:
    return json.dumps({"$schema": SCHEMA, "contentVersion": "1.0.0.0", **sections}, indent=1)


def place(id: str, path: str = "infra.main.bicep", group: str = "resourcegroup") -> str:
    """Id of a resource in the deployment of ``path``, whose subscription and group nothing tells."""
    return f"/subscriptions/subscription(shop.{path})/resourcegroups/{group}(shop.{path})/providers/{id}"


def told(what: str, id: str, path: str = "infra.main.bicep") -> str:
    return f"entra:{what.lower()}.of.{id.replace('/', '.')}(shop.{path})"


APP = """
@description('Where it is')
param location string = resourceGroup().location
param name string = 'desk'
@secure()
param stripeKey string

var tags = {
  owner: 'ada@quillmere.example'
  'azd-service-name': name
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}'
  location: location
}

resource store 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: toLower('Ledger')
  location: location
  sku: { name: 'Standard_LRS' }
}

resource search 'Microsoft.Search/searchServices@2024-06-01-preview' existing = {
  name: 'find'
}

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  tags: union(tags, { environment: 'prod' })
  identity: {
    type: 'SystemAssigned, UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    configuration: {
      secrets: [ { name: 'stripe', value: stripeKey } ]
    }
    template: {
      containers: [
        {
          name: 'main'
          image: 'ghcr.io/quillmere/desk:1.2'
          env: [
            { name: 'SEARCH_KEY', value: search.listAdminKeys().primaryKey }
            { name: 'STORE', value: store.properties.primaryEndpoints.blob }
          ]
        }
      ]
    }
  }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(store.id, identity.id, 'read')
  scope: store
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource own 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (name == 'desk') {
  name: guid(resourceGroup().id, app.id)
  properties: {
    roleDefinitionId: resourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')
    principalId: app.identity.principalId
  }
}

resource never 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (name == 'other') {
  name: 'x'
  properties: {
    roleDefinitionId: 'x'
    principalId: app.identity.principalId
  }
}
"""
STORE = place("microsoft.storage/storageaccounts/ledger")
RUNNING = place("microsoft.app/containerapps/desk")
ASSIGNED = place("microsoft.managedidentity/userassignedidentities/id-desk")
PRINCIPAL = told("principalId", "microsoft.managedidentity/userassignedidentities/id-desk")
OWN = told("principalId", "microsoft.app/containerapps/desk")
FIND = place("microsoft.search/searchservices/find")


def test_an_app_runs_as_its_identities_which_have_roles() -> None:
    facts = read(APP)
    assert facts.problems == []
    assert facts.targets("RUNS_AS", RUNNING) == {ASSIGNED, OWN}
    assert facts.targets("ASSUMES", ASSIGNED) == {PRINCIPAL}
    found = reached(facts)
    assert ("CAN_ACCESS", PRINCIPAL, STORE) in found
    assert {target for kind, source, target in found if source == OWN and "containerapps" in target} == {RUNNING}
    roles = [json.loads(fact.body)["role"] for fact in facts.all if isinstance(fact, Grant)]
    assert roles == [BLOB_READER, "acdd72a7-3385-48ef-bd42-f606fba81ae7"]
    assert facts.nodes["Runtime", RUNNING]["environment"] == "prod"
    assert ("ada@quillmere.example", RUNNING) in facts.drawn("OWNS")


def test_a_key_that_the_deployment_asks_for_opens_what_it_is_of() -> None:
    facts = read(APP)
    (key,) = (id for id in facts.targets("HOLDS", RUNNING) if id.startswith("azure-key:"))
    assert facts.targets("AUTHENTICATES_AS", key) == {key}
    assert facts.targets("CAN_ACCESS", key) == {FIND}
    assert facts.props("CAN_ACCESS", key, FIND)["evidence"] == ["inferred"]


def test_a_service_of_the_developer_cli_is_built_from_its_folder() -> None:
    facts = read(
        {"infra/main.bicep": APP, "azure.yaml": "name: shop\nservices:\n  desk:\n    project: ./src/desk\n    host: containerapp\n"}
    )
    labels = facts.nodes["Runtime", RUNNING]["labels"]
    assert {"build=src/desk", "image=ghcr.io/quillmere/desk:1.2", "manifest=infra/main.bicep"} <= set(labels)


MAIN = """
targetScope = 'subscription'
param env string
param names array = ['one', 'two']

resource rg 'Microsoft.Resources/resourceGroups@2022-09-01' = {
  name: 'rg-shop'
  location: 'westeurope'
}

module ids './ids.bicep' = [for (n, i) in names: {
  name: 'ids-${i}'
  scope: rg
  params: { name: 'id-${n}' }
}]

module store './store.bicep' = {
  scope: rg
  name: 'store'
  params: {
    name: env == 'prod' ? 'ledger' : 'ledger'
    readers: [for i in range(0, length(names)): ids[i].outputs.principalId]
  }
}
"""
IDS = """
param name string
resource id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = { name: name, location: 'westeurope' }
output principalId string = id.properties.principalId
"""
STORING = """
param name string
param readers string[]
@description('Store')
resource store 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name

  resource blobs 'blobServices' = {
    name: 'default'

    #disable-next-line BCP081
    resource things 'containers' = {
      name: 'things'
    }
  }
}
resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (reader, i) in readers: {
  name: guid(store.id, string(i))
  scope: store::blobs
  properties: {
    principalId: reader
    roleDefinitionId: '/subscriptions/${subscription().subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/%ROLE%'
  }
}]
resource also 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in readers: {
  name: guid(reader)
  scope: store
  properties: {
    principalId: reader
    roleDefinitionId: '%ROLE%'
  }
}]
""".replace("%ROLE%", BLOB_READER)


def test_modules_get_their_parameters_and_give_outputs() -> None:
    facts = read({"infra/main.bicep": MAIN, "infra/ids.bicep": IDS, "infra/store.bicep": STORING})
    assert facts.problems == []
    group = "/subscriptions/subscription(shop.infra.main.bicep)/resourcegroups/rg-shop"
    given = [fact for fact in facts.all if isinstance(fact, Grant)]
    scopes = {json.loads(fact.body)["scope"] for fact in given if fact.source.endswith("store.bicep#L25")}
    assert scopes == {f"{group}/providers/microsoft.storage/storageaccounts/ledger"}
    assert {fact.subject[1] for fact in given} == {
        told("principalId", f"microsoft.managedidentity/userassignedidentities/id-{name}") for name in ("one", "two")
    }


VERIFIED = """
module id 'br/public:avm/res/managed-identity/user-assigned-identity:0.4.0' = {
  name: 'id'
  params: { name: 'id-desk' }
}
module registry 'br/public:avm/res/container-registry/registry:0.9.1' = {
  name: 'registry'
  params: {
    name: 'images'
    roleAssignments: [ { principalId: id.outputs.principalId, roleDefinitionIdOrName: 'AcrPull' } ]
  }
}
module app 'br/public:avm/res/app/container-app:0.12.0' = {
  name: 'app'
  params: {
    name: 'desk'
    managedIdentities: { systemAssigned: false, userAssignedResourceIds: [ id.outputs.resourceId ] }
    secrets: { secureList: [ { name: 'stripe', value: '%s' } ] }
    containers: [ { name: 'main', image: 'ghcr.io/quillmere/desk:1', env: [] } ]
  }
}
module network 'br/public:avm/res/network/virtual-network:0.5.0' = {
  name: 'net'
  params: { name: 'net' }
}
"""


def test_verified_modules_deploy_resources_of_their_name() -> None:
    value = fake("stripe")
    facts = read(VERIFIED % value)
    assert facts.targets("RUNS_AS", RUNNING) == {ASSIGNED}
    assert ("CAN_ACCESS", PRINCIPAL, place("microsoft.containerregistry/registries/images")) in reached(facts)
    (secret,) = facts.targets("HOLDS", RUNNING)
    assert facts.nodes["Secret", secret]["fingerprint"] == fingerprint(value)
    assert value not in repr(facts.all)
    assert [severity for _, severity, _ in facts.problems] == ["note"]


STORES = "resourceId('Microsoft.Storage/storageAccounts', variables('store'))"
SITES = "resourceId('Microsoft.Web/sites', parameters('name'))"
COMPILED = template(
    parameters={
        "name": {"type": "string", "defaultValue": "desk"},
        "key": {"type": "securestring", "defaultValue": fake("json")},
    },
    variables={"store": "[toLower(concat('Led', 'ger'))]", "id": "[format('id-{0}', parameters('name'))]"},
    resources=[
        {
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "apiVersion": "2023-01-31",
            "name": "[variables('id')]",
        },
        {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-05-01", "name": "[variables('store')]"},
        {
            "type": "Microsoft.Web/sites",
            "apiVersion": "2023-01-01",
            "name": "[parameters('name')]",
            "identity": {
                "type": "UserAssigned",
                "userAssignedIdentities": {
                    "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', variables('id'))]": {},
                },
            },
            "properties": {
                "siteConfig": {
                    "appSettings": [
                        {"name": "API_KEY", "value": "[parameters('key')]"},
                        {
                            "name": "STORE",
                            "value": f"[listKeys({STORES}, '2023-05-01').keys[0].value]",
                        },
                        {"name": "STRIPE", "value": "@Microsoft.KeyVault(SecretUri=https://safe.vault.azure.net/secrets/stripe/)"},
                    ]
                }
            },
            "resources": [
                {"type": "config", "apiVersion": "2023-01-01", "name": "appsettings", "properties": {"OTHER_TOKEN": fake("other")}}
            ],
        },
        {
            "type": "Microsoft.Storage/storageAccounts/providers/roleAssignments",
            "apiVersion": "2022-04-01",
            "name": "[concat(variables('store'), '/Microsoft.Authorization/', guid('a'))]",
            "properties": {
                "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{BLOB_READER}')]",
                "principalId": "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', variables('id'))).principalId]",
            },
        },
        {
            "type": "Microsoft.KeyVault/vaults",
            "name": "safe",
            "properties": {
                "accessPolicies": [
                    {
                        "tenantId": "[subscription().tenantId]",
                        "objectId": f"[reference({SITES}, '2023-01-01', 'Full').identity.principalId]",
                        "permissions": {"secrets": ["get", "list"]},
                    }
                ]
            },
        },
        {"type": "Microsoft.KeyVault/vaults/secrets", "name": "safe/stripe", "properties": {"value": fake("vault")}},
    ],
)
JSON = "infra.main.json"


def test_a_template_in_json_says_the_same() -> None:
    facts = read({"infra/main.json": COMPILED})
    assert facts.problems == []
    site, store = place("microsoft.web/sites/desk", JSON), place("microsoft.storage/storageaccounts/ledger", JSON)
    safe, assigned = place("microsoft.keyvault/vaults/safe", JSON), "microsoft.managedidentity/userassignedidentities/id-desk"
    assert facts.targets("RUNS_AS", site) == {place(assigned, JSON)}
    assert ("CAN_ACCESS", told("principalId", assigned, JSON), store) in reached(facts)
    assert facts.props("CAN_ACCESS", told("principalId", "microsoft.web/sites/desk", JSON), safe)["actions"] == ["read"]
    held = facts.targets("HOLDS", site)
    assert f"azure-key:{store}" in held
    assert f"{safe}/secrets/stripe" in held
    prints = {facts.nodes["Secret", id].get("fingerprint") for id in held}
    assert {fingerprint(fake("json")), fingerprint(fake("other"))} <= prints
    assert facts.nodes["Secret", f"{safe}/secrets/stripe"]["fingerprint"] == fingerprint(fake("vault"))
    assert not any(fake(name) in repr(facts.all) for name in ("json", "other", "vault"))


def test_nested_templates_copies_and_parameters_of_a_file() -> None:
    inner = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"who": {"type": "string"}},
        "resources": {
            "id": {
                "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
                "name": "[format('{0}-{1}', parameters('who'), copyIndex())]",
                "copy": {"name": "ids", "count": 2},
            }
        },
        "outputs": {"principal": {"type": "string", "value": "[reference('id').principalId]"}},
    }
    outer = template(
        parameters={"who": {"type": "string"}},
        resources=[
            {
                "type": "Microsoft.Resources/deployments",
                "name": "ids",
                "properties": {
                    "expressionEvaluationOptions": {"scope": "inner"},
                    "parameters": {"who": {"value": "[parameters('who')]"}},
                    "template": inner,
                },
            },
        ],
    )
    values = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "parameters": {"who": {"value": "bot"}},
    }

    def names(who: str) -> set[str]:
        values["parameters"] = {"who": {"value": who}}
        facts = read({"infra/main.json": outer, "infra/main.parameters.json": json.dumps(values)})
        return {props["name"] for (kind, id), props in facts.nodes.items() if kind == "Identity" and id.startswith("/subscriptions")}

    assert names("bot") == {"bot-0", "bot-1"}
    assert names("bot${{SUFFIX}}") == {"bot-0", "bot-1"}
    assert names("${AZURE_NAME=bot}") == {"0", "1"}


def test_a_secret_that_a_tool_fills_in_is_not_the_same_everywhere() -> None:
    text = """
    @secure()
    param key string
    param ids string
    resource id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = { name: last(split(ids, '/')) }
    resource app 'Microsoft.Web/sites@2024-04-01' = {
      name: 'desk'
      properties: { siteConfig: { appSettings: [
        { name: 'CLIENT_SECRET', value: key }
        { name: 'CLIENT_SECRET_ID', value: id.properties.clientId }
        { name: 'WEBSITE_AUTH_AAD_ACL', value: '{"allowed_client_applications": ["${ids}"]}' }
        { name: 'FROM', value: split(resourceId('Microsoft.Web/sites', 'x'), '/')[8] }
      ] } }
    }
    """
    values = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "parameters": {"key": {"value": "${{SECRET_CLIENT}}"}, "ids": {"value": "/subscriptions/a/providers/x/y/mine"}},
    }
    facts = read({"infra/main.bicep": text, "infra/main.parameters.json": json.dumps(values)})
    held = facts.targets("HOLDS", place("microsoft.web/sites/desk"))
    assert held == {"arm:SECRET_CLIENT(shop.infra.main.bicep)"}


def test_what_is_not_known_goes_before_nothing() -> None:
    facts = read("""
    param who string = ''
    resource app 'Microsoft.Web/sites@2024-04-01' existing = { name: 'desk' }
    resource may 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(app.?identity.?principalId ?? who)) {
      name: guid('a')
      properties: { roleDefinitionId: 'r', principalId: app.identity.principalId }
    }
    resource never 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(who)) {
      name: guid('b')
      properties: { roleDefinitionId: 'r', principalId: who }
    }
    """)
    assert [fact.source for fact in facts.all if isinstance(fact, Grant)] == ["shop/infra/main.bicep#L4"]


def test_what_is_compiled_from_bicep_beside_it_is_one_deployment() -> None:
    made = json.loads(template(resources=[{"type": "Microsoft.Storage/storageAccounts", "name": "other"}]))
    made["metadata"] = {"_generator": {"name": "bicep", "version": "0.30"}}
    facts = read({"infra/main.bicep": APP, "infra/main.json": json.dumps(made)})
    assert not any("other" in id for _, id in facts.nodes)
