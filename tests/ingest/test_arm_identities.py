"""Identities, applications and projects of agents that Bicep declares."""

from __future__ import annotations

import json

from graphinv.model.facts import Grant
from tests.ingest.test_arm import BLOB_READER, FIND, PRINCIPAL, place, read, told
from tests.ingest.test_terraform_clouds import reached


def test_roles_of_ones_own_federated_credentials_and_data_of_cosmos() -> None:
    facts = read("""
    resource id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
      name: 'id-desk'
      resource ci 'federatedIdentityCredentials' = {
        name: 'ci'
        properties: {
          issuer: 'https://token.actions.githubusercontent.com'
          subject: 'repo:quillmere/shop:environment:prod'
          audiences: [ 'api://AzureADTokenExchange' ]
        }
      }
    }
    resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
      name: guid('starter')
      properties: {
        roleName: 'Starter'
        permissions: [ { actions: [ 'Microsoft.Compute/virtualMachines/start/action' ], notActions: [] } ]
      }
    }
    resource starts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
      name: guid(id.id, role.id)
      properties: { roleDefinitionId: role.id, principalId: id.properties.principalId }
    }
    resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2024-05-15' existing = { name: 'orders' }
    resource data 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-05-15' = {
      parent: cosmos
      name: guid('x')
      properties: {
        principalId: id.properties.principalId
        roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
        scope: cosmos.id
      }
    }
    """)
    orders = place("microsoft.documentdb/databaseaccounts/orders")
    assert facts.problems == []
    assert facts.props("CAN_ACCESS", PRINCIPAL, orders)["actions"] == ["delete", "read", "write"]
    kinds = [(fact.role, fact.subject[1]) for fact in facts.all if isinstance(fact, Grant)]
    assert ("federated", PRINCIPAL) in kinds
    (definition,) = (fact for fact in facts.all if isinstance(fact, Grant) and fact.role == "definition")
    (assignment,) = (fact for fact in facts.all if isinstance(fact, Grant) and fact.role == "assignment")
    assert definition.subject[1] == f"azure-role:{json.loads(assignment.body)['role'].lower()}"
    assert any("virtualmachines" in target for _, source, target in reached(facts) if source == PRINCIPAL)


def test_a_project_of_foundry_is_where_its_agents_run() -> None:
    facts = read("""
    resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
      name: 'ai'
      kind: 'AIServices'
      resource project 'projects' = {
        name: 'desk'
        identity: { type: 'SystemAssigned' }
        resource searching 'connections' = {
          name: 'search'
          properties: { category: 'CognitiveSearch', authType: 'ApiKey', credentials: { key: find.listAdminKeys().primaryKey } }
        }
      }
      resource model 'deployments' = {
        name: 'chat'
        properties: { model: { format: 'OpenAI', name: 'gpt-4.1', version: '2025-04-14' } }
      }
    }
    resource find 'Microsoft.Search/searchServices@2024-06-01-preview' existing = { name: 'find' }
    """)
    project = place("microsoft.cognitiveservices/accounts/ai/projects/desk")
    assert facts.targets("RUNS_AS", project) == {told("principalId", "microsoft.cognitiveservices/accounts/ai/projects/desk")}
    assert facts.targets("HOLDS", project) == {f"azure-key:{FIND}"}
    assert facts.nodes["Model", "gpt-4.1"]["version"] == "2025-04-14"


def test_applications_of_microsoft_graph() -> None:
    facts = read(
        """
    extension microsoftGraphV1
    resource app 'Microsoft.Graph/applications@v1.0' = {
      uniqueName: 'desk'
      displayName: 'Desk agent'
      requiredResourceAccess: [
        {
          resourceAppId: '00000003-0000-0000-c000-000000000000'
          resourceAccess: [ { id: 'e1fe6dd8-ba31-4d61-89e7-88639da4683d', type: 'Scope' } ]
        }
      ]
    }
    resource sp 'Microsoft.Graph/servicePrincipals@v1.0' = {
      appId: app.appId
    }
    resource ci 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
      name: '${app.uniqueName}/ci'
      issuer: 'https://token.actions.githubusercontent.com'
      subject: 'repo:quillmere/shop:ref:refs/heads/main'
      audiences: [ 'api://AzureADTokenExchange' ]
    }
    resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
      appId: '00000003-0000-0000-c000-000000000000'
    }
    resource may 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
      principalId: sp.id
      resourceId: graph.id
      appRoleId: '7ab1d382-f21e-4acd-a863-ba3e13f7da61'
    }
    resource own 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
      name: guid('a')
      properties: { roleDefinitionId: '%ROLE%', principalId: sp.id }
    }
    """.replace("%ROLE%", BLOB_READER)
    )
    desk = told("appId", "microsoft.graph/applications/desk")
    assert facts.problems == []
    assert facts.nodes["Identity", desk]["name"] == "Desk agent"
    ((source, principal),) = facts.drawn("ASSUMES")
    assert source == desk
    said = {(fact.role, fact.subject[1]) for fact in facts.all if isinstance(fact, Grant)}
    assert said == {("requires", desk), ("federated", desk), ("app-role", principal), ("assignment", principal)}
