"""Documents of clouds and identity systems in which nothing has the type that it should have."""

from __future__ import annotations

IDENTITIES: dict[str, bytes] = {
    "gcp-types": b'[{"assetType": "x.googleapis.com/Y", "name": [], "iamPolicy": {"bindings": [7, {"role": [], "members": 7}]}}, '
    b'{"bindings": 7, "role": "roles/owner"}, {"name": "projects/p/serviceAccounts/x", "email": []}, '
    b'{"projectNumber": {}, "projectId": 7}]',
    "gcp-audit-types": b'[{"protoPayload": {"methodName": 7, "authenticationInfo": {"principalEmail": [], '
    b'"serviceAccountDelegationInfo": [7, {"firstPartyPrincipal": 7}]}, '
    b'"authorizationInfo": [7, {"granted": true, "permission": {}}], "status": 7}, "resource": [], '
    b'"timestamp": {}}, {"entries": [7, {"protoPayload": []}]}]',
    "k8s-audit-types": b'{"apiVersion": "audit.k8s.io/v1", "auditID": [], "verb": {}, "user": {"username": [], "groups": 7, '
    b'"extra": {"canonicalArn": [7]}}, "objectRef": 7, "responseStatus": {"code": "200"}, "requestReceivedTimestamp": {}}',
    "k8s-audit-deep": b'{"apiVersion": "audit.k8s.io/v1", "auditID": "x", "verb": "get", "user": ' + b'{"a":' * 50_000,
    "k8s-audit-texts": b'{"log": "{\\"apiVersion\\":\\"audit.k8s.io/v1\\",\\"auditID\\":' + b"{" * 90_000 + b'"}',
    "vault-audit-types": b'{"type": "response", "auth": {"metadata": [], "display_name": 7, "policies": {}, "client_token": []}, '
    b'"request": {"path": {}, "operation": [], "id": {}}, "response": {"auth": 7}}',
    "gcp-key-types": b'{"type": "service_account", "client_email": {}, "private_key": [], "private_key_id": 7}',
    "gcp-key-deep": b'{"type": "impersonated_service_account", "service_account_impersonation_url": 7, '
    b'"source_credentials": ' + b'{"a":' * 5000,
    "entra-types": b'[{"appId": [], "identifierUris": 1}, {"servicePrincipalType": 7, "id": [], "appId": 7}, '
    b'{"appRoleId": 1, "principalId": {}}, '
    b'{"appId": "aaaaaaaa-0000-4000-8000-000000000001", "requiredResourceAccess": [[]], "owners": [7], '
    b'"passwordCredentials": {"a": 1}}]',
    "aws-service-types": b'[{"agentArn": "arn:aws:x", "agentName": [], "agentId": {}}, {"agentRuntimeArn": 7, "roleArn": [], '
    b'"environmentVariables": [7], "protocolConfiguration": 7}, {"agentActionGroup": {"agentId": "x", "functionSchema": [7], '
    b'"actionGroupExecutor": 7}}, {"Functions": [7, {"FunctionArn": [], "FunctionName": 7, "Environment": [[]]}]}]',
    "trail-types": b'{"Records": [{"eventSource": "s3.amazonaws.com", "eventName": "x", '
    b'"userIdentity": {"type": [], "arn": 7, "sessionContext": [7]}, "resources": [7, {"ARN": []}], '
    b'"requestParameters": [[{"a": [7]}]], "eventTime": {}, "readOnly": []}, 7, [[{}]]]}',
    "trail-within": b'{"Events": [' + b'{"CloudTrailEvent": "{' * 1000 + b'"eventSource": "s3.amazonaws.com", "eventName"',
    "trail-deep": b'{"eventSource": "s3.amazonaws.com", "eventName": "x", "userIdentity": {}, "a": ' + b"[" * 100_000,
    "hound-types": b'{"data": [{"kind": "AZApp", "data": {"id": [], "appId": 7}}, '
    b'{"kind": "AZAppOwner", "data": {"owners": [7, {"owner": []}]}}, '
    b'{"kind": "AZVMRoleAssignment", "data": {"a": [[[[{"properties": {"principalId": []}}]]]]}}, {"kind": "AZKeyVaultAccessPolicy", '
    b'"data": {"keyVaultId": 7, "objectId": [], "permissions": 7}}, {"kind": "AZGroupMember", "data": {"members": 7}}]}',
    "azure-types": b'[{"id": "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/x", "principalId": [], "roleDefinitionId": 7}, '
    b'{"permissions": [7], "assignableScopes": 1, "name": []}, {"id": "/subscriptions/a/providers/x/y/z", "identity": [], "tags": 7}]',
    "azure-activity-types": b'[{"operationName": {"value": []}, "resourceId": "/subscriptions/x", "claims": [], "identity": 7, '
    b'"status": []}, {"records": [7, {"operationName": 7}], "authorization": 7}]',
    "vault-types": b"policies: [7, {name: [], rules: 7}]\nauth: [{type: [], "
    b"roles: 7}]\nsecrets: [{configuration: {roles: [{name: x, db_name: []}]}}]\n"
    b"bound_service_account_names:\n",
    "vault-deep": b'path "a" { capabilities = ' + b"[" * 100_000,
    "vault-braces": b'path "a" {' + b"a {" * 100_000 + b" capabilities",
    "vault-script": b"vault policy write x - <<EOF\n" + b'path "' * 10_000 + b"\nvault write 'a\n" * 1000,
    "spire-types": b'{"entries": [{"spiffe_id": {"path": []}, "selectors": [[]]}, 7], "parent_id": 1, "selectors": []}',
    "spire-manifest": b"apiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterSPIFFEID\nspec: {spiffeIDTemplate: x, "
    b"podSelector: 7, namespaceSelector: []}\n",
    "github-types": b'{"installations": [{"app_slug": [], "repository_selection": 7, "permissions": []}, '
    b'{"token_id": {}, "token_expires_at": 1}]}',
    "keycloak-types": b'{"realm": "x", "sslRequired": 1, "clients": [{"clientId": "a", "secret": 7, "attributes": 7}], '
    b'"groups": [{"name": "g", '
    b'"subGroups": 7}], "roles": {"realm": 7, "client": {"a": 7}}, "users": [{"username": "u", "clientRoles": [7]}]}',
    "okta-types": b'[{"signOnMode": 7, "id": "x", "credentials": 7, "_links": {"a": [7]}}, {"scopeId": "a", '
    b'"clientId": "b", "issuer": "http://["}]',
    "oauth-types": b'[{"client_id": "a", "grant_types": 7, "client_secret": [], "client_secret_expires_at": "x"}, '
    b'{"client_id": "a", "audience": 7}]',
}
