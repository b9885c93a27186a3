"""Files of clouds and identity systems that have a secret in every place where people, or the systems themselves, put one."""

from __future__ import annotations

import json
from collections.abc import Callable

import yaml

SUBSCRIPTION = "7d7e4e4a-0000-4000-8000-000000000001"
GUID = "aaaaaaaa-0000-4000-8000-000000000001"
ACCOUNT = "bot@p.iam.gserviceaccount.com"


def identities(plant: Callable[..., str]) -> dict[str, str]:
    """Files by path. Where a canary stands in the place of a name only its shape can tell that it is a secret."""

    def shaped() -> str:
        return plant("gh" + "p_")

    return {
        **_google(plant, shaped),
        **_google_logs(plant, shaped),
        **_azure_logs(plant, shaped),
        **_microsoft(plant, shaped),
        **_vault(plant, shaped),
        **_issuers(plant, shaped),
        **_cluster(plant, shaped),
        **_audited(plant, shaped),
    }


def _cluster(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    plugin = {
        "command": shaped(),
        "args": ["--client-secret", plant(), f"--oidc-client-secret={plant()}"],
        "env": [{"name": "API_KEY", "value": plant()}],
    }
    provider = {"name": "oidc", "config": {"id-token": plant("eyJ", 60), "client-secret": plant(), "refresh-token": plant()}}
    users = [
        {"name": shaped(), "user": {"token": plant(), "as": shaped()}},
        {"name": "b", "user": {"username": shaped(), "password": plant(), "client-key": shaped(), "tokenFile": shaped()}},
        {"name": "c", "user": {"exec": plugin, "client-key-data": plant("", 60), "client-certificate-data": plant("", 60)}},
        {"name": "d", "user": {"auth-provider": provider}},
    ]
    contexts = [{"name": shaped(), "context": {"cluster": shaped(), "user": one["name"]}} for one in users]
    clusters = [{"name": shaped(), "cluster": {"server": f"https://{shaped()}@x.example", "certificate-authority-data": plant()}}]
    stated = {"apiVersion": "v1", "kind": "Config", "clusters": clusters, "contexts": contexts, "users": users}
    return {"shop/.kube/config": yaml.safe_dump(stated), "shop/kubeconfig.json": json.dumps(stated)}


def _google(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    pem = f"-----BEGIN PRIVATE KEY-----\n{plant('', 64)}\n-----END PRIVATE KEY-----\n"
    key = {"type": "service_account", "private_key_id": "ab" * 20, "private_key": pem, "client_email": ACCOUNT, "token": plant()}
    login = {"type": "authorized_user", "client_id": shaped(), "client_secret": plant(), "refresh_token": plant("1//0", 60)}
    binding = {
        "role": "roles/storage.admin",
        "members": [f"user:{shaped()}@x.example", shaped()],
        "condition": {"expression": f"x == '{shaped()}'"},
    }
    asset = {
        "name": f"//run.googleapis.com/projects/p/services/{shaped()}",
        "assetType": "run.googleapis.com/Service",
        "resource": {
            "data": {
                "labels": {shaped(): shaped()},
                "template": {"env": [{"name": "API_KEY", "value": plant()}], "serviceAccount": ACCOUNT},
            }
        },
        "iamPolicy": {"bindings": [binding]},
    }
    account = {"name": f"projects/p/serviceAccounts/{ACCOUNT}", "email": ACCOUNT, "displayName": shaped(), "description": plant()}
    return {
        "shop/gcp/key.json": json.dumps(key, indent=1),
        "shop/gcp/login.json": json.dumps(login, indent=1),
        "shop/gcp/assets.ndjson": json.dumps(asset) + "\n" + json.dumps(account) + "\n",
        "shop/gcp/policy.json": json.dumps({"bindings": [binding], "etag": plant()}),
    }


def _google_logs(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {
            "principalEmail": f"{shaped()}@p.iam.gserviceaccount.com",
            "serviceAccountDelegationInfo": [{"principalSubject": f"user:{shaped()}@x.example"}, {"claims": plant()}],
            "serviceAccountKeyName": shaped(),
        },
        "authorizationInfo": [
            {"permission": f"storage.{shaped()}.get", "granted": True, "resource": f"projects/_/buckets/{shaped()}"},
            {"permission": "secretmanager.versions.access", "granted": True, "resource": f"projects/p/secrets/{shaped()}/versions/1"},
            {"permission": "iam.serviceAccounts.getAccessToken", "granted": True},
            {"permission": shaped(), "granted": True, "resource": shaped()},
        ],
        "request": {"name": f"projects/-/serviceAccounts/{shaped()}@p.iam.gserviceaccount.com", "payload": plant()},
        "response": {"accessToken": plant(), "payload": {"data": plant()}},
        "requestMetadata": {"callerSuppliedUserAgent": plant()},
    }
    return {"shop/gcp/audit.json": json.dumps([{"insertId": shaped(), "protoPayload": payload, "labels": {"x": plant()}}])}


def _azure_logs(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{shaped()}"
    entry = {
        "authorization": {"action": "Microsoft.Storage/storageAccounts/write", "scope": scope},
        "caller": shaped(),
        "claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": GUID, "aio": plant("", 60), "name": shaped()},
        "operationName": {"value": "Microsoft.Storage/storageAccounts/write"},
        "properties": {"requestbody": json.dumps({"key": plant()}), "responseBody": plant()},
        "resourceId": scope,
        "status": {"value": "Succeeded"},
    }
    other = {
        **entry,
        "operationName": {"value": shaped()},
        "eventDataId": plant(),
        "httpRequest": {"uri": f"https://x.example?sig={plant()}"},
    }
    return {"shop/azure/activity.json": json.dumps([entry, other])}


def _audited(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    user = {"username": shaped(), "groups": [shaped()], "extra": {"canonicalArn": [f"arn:aws:iam::111122223333:role/{shaped()}"]}}
    event = {
        "apiVersion": "audit.k8s.io/v1",
        "auditID": plant(),
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/pay/secrets/x?token={plant()}",
        "verb": "create",
        "user": user,
        "impersonatedUser": {"username": shaped(), "groups": [shaped()]},
        "userAgent": plant(),
        "objectRef": {"resource": "secrets", "namespace": "pay", "name": shaped(), "subresource": shaped()},
        "responseStatus": {"code": 201, "message": plant()},
        "requestObject": {"data": {"key": plant()}},
        "responseObject": {"data": {"key": plant()}},
        "annotations": {"x": plant()},
    }
    metadata = {"role": shaped(), "service_account_namespace": shaped(), "service_account_name": shaped(), "note": plant()}
    auth = {"display_name": shaped(), "client_token": plant("hv" + "s."), "accessor": plant(), "metadata": metadata}
    request = {"id": plant(), "operation": "read", "path": f"secret/data/{shaped()}", "data": {"x": plant()}, "headers": {"x": [plant()]}}
    entry = {"type": "response", "time": "2026-11-20T08:00:00Z", "auth": auth, "request": request, "response": {"data": {"x": plant()}}}
    login = {**entry, "request": {**request, "operation": "update", "path": f"auth/{shaped()}/login"}, "response": {"auth": auth}}
    return {
        "shop/k8s/audit.log": json.dumps(event) + "\n" + json.dumps({"log": json.dumps({**event, "objectRef": {"resource": "pods"}})}),
        "shop/vault/audit.log": "\n".join(map(json.dumps, (login, entry, {**entry, "auth": {**auth, "metadata": {}}}))),
    }


def _microsoft(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    application = {
        "appId": GUID,
        "displayName": shaped(),
        "tags": [shaped()],
        "identifierUris": [],
        "passwordCredentials": [{"keyId": GUID, "displayName": shaped(), "secretText": plant("", 40), "hint": plant()}],
        "keyCredentials": [{"keyId": GUID, "key": plant("", 200), "customKeyIdentifier": plant()}],
        "federatedIdentityCredentials": [{"issuer": f"https://x.example/{shaped()}", "subject": shaped()}],
        "owners": [{"userPrincipalName": f"{shaped()}@x.example", "displayName": shaped()}],
        "appRoles": [{"id": GUID, "value": shaped()}],
    }
    grant = {"clientId": GUID, "consentType": "AllPrincipals", "resourceId": GUID, "scope": f"Mail.Read {shaped()}"}
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/{shaped()}"
    resource = {
        "id": scope,
        "name": shaped(),
        "type": "Microsoft.Web/sites",
        "location": "x",
        "tags": {shaped(): shaped(), "token": shaped()},
        "properties": {"siteConfig": {"appSettings": [{"name": "API_KEY", "value": plant()}]}},
    }
    assignment = {
        "principalId": GUID,
        "principalName": shaped(),
        "roleDefinitionId": f"/x/{shaped()}",
        "roleDefinitionName": shaped(),
        "scope": scope,
    }
    return {
        "shop/entra/apps.json": json.dumps([application, grant], indent=1),
        "shop/azure/resources.json": json.dumps([resource, {"id": f"{scope}/y", **assignment, "condition": f"x '{shaped()}'"}], indent=1),
    }


def _vault(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    policy = f'path "secret/data/{shaped()}" {{ capabilities = ["read"] allowed_parameters = {{ "token" = ["{plant()}"] }} }} # {plant()}\n'
    url = f"postgresql://root:{plant()}@db.acme.example:5432/x"
    operator = {
        "policies": [{"name": shaped(), "rules": policy}],
        "auth": [{"type": "kubernetes", "config": {"token_reviewer_jwt": plant()}, "roles": [{"name": shaped(), "policies": [shaped()]}]}],
        "secrets": [
            {
                "type": "database",
                "configuration": {
                    "config": [{"name": "x", "connection_url": url, "password": plant()}],
                    "roles": [
                        {
                            "name": shaped(),
                            "db_name": "x",
                            "creation_statements": f"CREATE ROLE x PASSWORD '{plant()}'; GRANT SELECT ON a TO x",
                        }
                    ],
                },
            }
        ],
        "startupSecrets": [{"type": "kv", "path": "secret/data/x", "data": {"data": {"AWS_KEY": plant()}}}],
    }
    script = (
        f"export VAULT_TOKEN={plant('hvs.', 40)}\nvault policy write {shaped()} - <<EOF\n{policy}EOF\n"
        f"vault kv put secret/x token={plant()} {shaped()}=1\n"
        f"vault write auth/approle/role/a policies={shaped()} secret_id={plant()}\n"
        f"vault write database/config/x connection_url={url} password={plant()}\n"
    )
    place = {"mount": shaped(), "path": f"creds/{shaped()}", "destination": {"name": shaped(), "token": plant()}}
    made = {"apiVersion": "secrets.hashicorp.com/v1beta1", "kind": "VaultDynamicSecret", "metadata": {"namespace": shaped()}, "spec": place}
    bound = {
        "member": f"user:{shaped()}",
        "role": "roles/owner",
        "resourceRef": {"kind": "StorageBucket", "name": shaped()},
        "token": plant(),
    }
    asked = {"apiVersion": "iam.cnrm.cloud.google.com/v1beta1", "kind": "IAMPolicyMember", "metadata": {"namespace": "p"}, "spec": bound}
    token = {
        "id": plant("hvs.", 40),
        "accessor": shaped(),
        "creation_ttl": 60,
        "issue_time": "2026-01-01T00:00:00Z",
        "path": f"auth/{shaped()}/login",
    }
    token |= {"display_name": shaped(), "meta": {"role": shaped(), "password": plant()}, "policies": [shaped()]}
    lease = {"id": f"database/creds/{shaped()}/{plant()}", "issue_time": "2026-01-01T00:00:00Z", "last_renewal": None}
    read = {"lease_id": "", "data": {"bound_service_account_names": [shaped()], "token_policies": [shaped()], "token": plant()}}
    return {
        "shop/vault/policy.hcl": policy,
        "shop/vault/broken.hcl": policy.replace("}", ""),
        "shop/vault/operator.yaml": yaml.safe_dump(operator, sort_keys=False),
        "shop/vault/object.yaml": yaml.safe_dump(made),
        "shop/gcp/connector.yaml": yaml.safe_dump(asked),
        "shop/vault/setup.sh": script,
        "shop/vault/auth/kubernetes/role/x.json": json.dumps(read),
        "shop/vault/token.json": json.dumps({"data": token}),
        "shop/vault/made.json": json.dumps({"data": {**token, "path": "auth/token/create"}}),
        "shop/vault/leases.json": json.dumps([{"data": lease}]),
    }


def _issuers(plant: Callable[..., str], shaped: Callable[[], str]) -> dict[str, str]:
    entry = {"spiffe_id": f"spiffe://{shaped()}/x", "parent_id": "spiffe://t/y", "selectors": [{"type": "k8s", "value": f"ns:{shaped()}"}]}
    template = f"apiVersion: spire.spiffe.io/v1alpha1\nkind: ClusterSPIFFEID\nspec:\n  spiffeIDTemplate: spiffe://t/{shaped()}\n"
    installation = {
        "id": 1,
        "account": {"login": "acme"},
        "repository_selection": "all",
        "app_id": 2,
        "app_slug": shaped(),
        "permissions": {"contents": "write", shaped(): "write"},
        "access_tokens_url": f"https://api.github.com/x?token={plant()}",
    }
    client = {"clientId": shaped(), "secret": plant(), "name": shaped(), "attributes": {"x": plant()}}
    user = {"username": shaped(), "credentials": [{"value": plant()}], "realmRoles": [shaped()], "attributes": {"pin": [plant()]}}
    realm = {"realm": "desk", "sslRequired": "none", "clients": [client], "users": [user], "smtpServer": {"password": plant()}}
    okta = {
        "id": "0oa1gjh63g214q0Hq0g4",
        "label": shaped(),
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"client_id": shaped(), "client_secret": plant("", 40)}},
        "_links": {"self": {"href": f"https://acme.okta.com/x?token={plant()}"}},
    }
    registered = {
        "client_id": shaped(),
        "client_name": shaped(),
        "client_secret": plant("", 40),
        "grant_types": [shaped()],
        "scope": f"a {shaped()}",
    }
    return {
        "shop/spire/entries.json": json.dumps({"entries": [entry]}),
        "shop/spire/ids.yaml": template,
        "shop/spire/entries.sh": f"spire-server entry create -spiffeID spiffe://t/{shaped()} -selector k8s:sa:{shaped()}\n",
        "shop/github/installations.json": json.dumps({"installations": [installation]}),
        "shop/keycloak/realm.json": json.dumps(realm),
        "shop/okta/apps.json": json.dumps([okta]),
        "shop/oauth/clients.json": json.dumps([registered]),
    }
