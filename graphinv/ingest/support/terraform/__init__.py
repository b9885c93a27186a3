"""Terraform: its language, what it evaluates to without a provider, and what resources of providers say.

The language
    lower, jsonsyntax                 bytes → :mod:`.ir`, with credentials taken out
    program                           all configuration of a root: which folders are applied, and their resources
    evaluate, operators, functions    what expressions come to
    references, providers             which resource another one means, and where providers work
What resources say, in configuration and in states alike
    readers, context                  which types are read, by what, and what the readers share
    aws, naming, documents, bedrock, eks, identity_center, organisations
    azure, azure_names, entra, entra_names, google, google_names
    kubernetes, manifests, databricks, snowflake, github, vault
    okta, auth0, keycloak
    sensitive                         attributes that hold nothing but a credential
"""
