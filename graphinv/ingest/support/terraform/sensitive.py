"""Attributes of resources that hold nothing but a credential, whatever it looks like."""

from __future__ import annotations

_BY_TYPE = frozenset(
    {
        ("aws_secretsmanager_secret_version", "secret_string"),
        ("aws_secretsmanager_secret_version", "secret_binary"),
        ("aws_iam_access_key", "secret"),
        ("aws_iam_access_key", "ses_smtp_password_v4"),
        ("azurerm_key_vault_secret", "value"),
        ("azuread_application_password", "value"),
        ("azuread_service_principal_password", "value"),
        ("google_secret_manager_secret_version", "secret_data"),
        ("google_service_account_key", "private_key"),
        ("kubernetes_secret", "data"),
        ("kubernetes_secret_v1", "data"),
        *((f"github_actions_{of}secret", name) for of in ("", "organization_", "environment_") for name in ("plaintext_value", "value")),
        ("databricks_secret", "string_value"),
        ("databricks_service_principal_secret", "secret"),
        ("databricks_obo_token", "token_value"),
        ("snowflake_user_programmatic_access_token", "token"),
        ("random_password", "result"),
        ("vault_kv_secret_v2", "data_json"),
        ("vault_generic_secret", "data_json"),
        ("aws_bedrockagentcore_api_key_credential_provider", "api_key"),
        ("aws_bedrockagentcore_oauth2_credential_provider", "client_secret"),
    }
)
_ANYWHERE = frozenset(
    {
        "password",
        "master_password",
        "admin_password",
        "administrator_login_password",
        "master_user_password",
        "auth_token",
        "client_secret",
        "secret_key",
    }
)


def is_sensitive(kind: str, attribute: str, variant: object = None) -> bool:
    """Whether ``attribute`` of a resource of type ``kind`` (``""`` = something else) is such; ``variant`` is the resource's own attribute
    ``type``, where it states one."""
    if (kind, attribute) == ("aws_ssm_parameter", "value"):
        return variant not in ("String", "StringList")
    return attribute in _ANYWHERE or (kind, attribute) in _BY_TYPE
