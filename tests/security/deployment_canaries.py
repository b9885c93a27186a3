"""Templates, configuration and manifests of deployments, and answers of AWS, with a secret in every place where people put one."""

from __future__ import annotations

import base64
import json

import yaml

from tests.security.planting import Plant, servers


def templates(plant: Plant) -> dict[str, str]:
    """Templates of CloudFormation with secrets wherever people leave them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Environment": {"Variables": {"API_TOKEN": plant(), "URL": f"postgres://u:{plant()}@db.acme.example/x", shaped(): shaped()}},
            "Tags": {"Owner": shaped()},
            "Policies": [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::{shaped()}"}]}, shaped()],
        },
    }
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "MasterUsername": "a", "MasterUserPassword": plant()}}
    joined = {"Fn::Join": ["", ["x", plant()]]}
    resources = {
        shaped(): function,
        "Db": database,
        "Sec": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": shaped(), "SecretString": f'{{"pin": "{plant()}"}}'}},
        "Joined": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": joined}},
        "Vm": {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Base64": {"Fn::Sub": f"export API_KEY={plant()}\n"}}}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": shaped(), "Policies": [{"PolicyName": shaped()}]}},
    }
    parameters = {"DbPassword": {"Type": "String", "NoEcho": True, "Default": plant()}, "ApiKey": {"Type": "String", "Default": plant()}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Mappings": {"A": {"b": {"token": plant()}}}}
    text = json.dumps({**template, "Resources": resources}, indent=1)
    tagged = f"""Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Environment: {{Variables: {{API_KEY: !Sub '{plant()}', B: !Join ['', [{shaped()}, !Ref X]]}}}}
      Role: !Sub '{shaped()}'
"""
    return {"shop/infra/template.json": text, "shop/infra/sam.yaml": tagged, **azure_templates(plant)}


def azure_templates(plant: Plant) -> dict[str, str]:
    """ARM templates and Bicep with secrets wherever people leave them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    bicep = f"""
@secure()
param key string = '{plant()}'
param host string = 'https://u:{plant()}@api.acme.example/?token={plant()}'
var apiToken = '{plant()}'
resource app 'Microsoft.App/containerApps@2024-03-01' = {{
  name: 'a-{shaped()}'
  tags: {{ owner: '{shaped()}' }}
  properties: {{
    configuration: {{ secrets: [ {{ name: 'one', value: '{plant()}' }} ] }}
    template: {{ containers: [ {{
      name: '{shaped()}'
      image: 'acme/{shaped()}'
      env: [
        {{ name: 'API_KEY', value: '{plant()}' }}
        {{ name: 'HOST', value: host }}
        {{ name: 'TOKEN', value: 'Bearer ${{key}}' }}
        {{ name: 'DB', value: 'postgres://app:{plant()}@db.acme.example/shop' }}
      ]
    }} ] }}
  }}
}}
resource pin 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {{
  name: 'safe/{shaped()}'
  properties: {{ value: '{plant()}' }}
}}
resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
  name: '{shaped()}'
  properties: {{ roleDefinitionId: '{shaped()}', principalId: '{shaped()}', condition: '{shaped()}' }}
}}
module m 'br/public:avm/res/web/site:1.0.0' = {{
  name: '{shaped()}'
  params: {{ name: '{shaped()}', appSettingsKeyValuePairs: {{ API_TOKEN: '{plant()}' }} }}
}}
module gone '{shaped()}.bicep' = {{ name: 'x', params: {{ password: '{plant()}' }} }}
var long = '''
export API_TOKEN={plant()}
'''
"""
    settings = [{"name": "API_KEY", "value": plant()}, {"name": "X", "value": f"[concat('{shaped()}', parameters('p'))]"}]
    resources = [
        {"type": "Microsoft.Web/sites", "name": f"[concat('s', '{shaped()}')]", "properties": {"siteConfig": {"appSettings": settings}}},
        {"type": "Microsoft.KeyVault/vaults/secrets", "name": "a/b", "properties": {"value": f"[concat('x', '{plant()}')]"}},
        {"type": "Microsoft.Sql/servers", "name": shaped(), "properties": {"administratorLoginPassword": plant()}},
    ]
    start = "https://schema.management.azure.com/schemas/2019-04-01/"
    made = {
        "$schema": f"{start}deploymentTemplate.json#",
        "parameters": {"p": {"type": "securestring", "defaultValue": plant()}, "apiKey": {"type": "string", "defaultValue": plant()}},
        "variables": {"token": plant(), shaped(): shaped()},
        "resources": resources,
        "outputs": {"secret": {"type": "string", "value": plant()}},
    }
    values = {"$schema": f"{start}deploymentParameters.json#", "parameters": {"apiKey": {"value": plant()}, "password": {"value": plant()}}}
    return {
        "shop/azure/main.bicep": bicep,
        "shop/azure/main.bicepparam": f"using './main.bicep'\nparam key = '{plant()}'\n",
        "shop/azure/deploy/azuredeploy.json": json.dumps(made, indent=1),
        "shop/azure/deploy/azuredeploy.parameters.json": json.dumps(values),
    }


def terraform_files(plant: Plant) -> dict[str, str]:
    """Configuration, variables and state of Terraform with secrets wherever people, and Terraform itself, leave them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    main = f"""
variable "db_password" {{
  default     = "{plant()}"
  description = "was {shaped()}"
}}
locals {{ header = "Bearer {plant()}" }}
provider "aws" {{
  access_key = "AKIAQ3EGRB7SAL2TKWX5"
  secret_key = "{plant("", 40)}"
}}
resource "aws_iam_role" "bot" {{
  name               = "{shaped()}"
  assume_role_policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Condition = {{ StringEquals = {{ "sts:ExternalId" = "{shaped()}" }} }} }}]
  }})
}}
resource "aws_lambda_function" "bot" {{
  function_name = "bot"
  role          = aws_iam_role.bot.arn
  environment {{
    variables = {{
      API_TOKEN    = "{plant()}"
      DATABASE_URL = "postgres://app:{plant()}@db.acme.example/shop"
      SECRET_HEADER = local.header
      PASSWORD     = "${{var.db_password}}-x"
    }}
  }}
  tags = {{ Owner = "{shaped()}" }}
}}
resource "aws_instance" "web" {{
  user_data = <<-EOF
    export API_TOKEN={plant()}
    curl -H "Authorization: Bearer {plant()}" https://u:{plant()}@acme.example
  EOF
}}
resource "aws_secretsmanager_secret_version" "v" {{
  secret_id     = "v"
  secret_string = jsonencode({{ user = "{plant()}", pin = "{plant()}" }})
}}
resource "aws_ecs_task_definition" "t" {{
  family                = "t"
  container_definitions = jsonencode([{{ name = "{shaped()}", environment = [{{ name = "API_KEY", value = "{plant()}" }}] }}])
}}
resource "aws_sqs_queue" "{shaped()}" {{ name = "q-{shaped()}" }}
resource "okta_app_oauth" "a" {{
  label         = "{shaped()}"
  client_id     = "{shaped()}"
  client_secret = "{plant()}"
}}
resource "okta_app_oauth_api_scope" "a" {{
  app_id = okta_app_oauth.a.id
  scopes = ["{shaped()}"]
}}
resource "auth0_client_credentials" "a" {{
  client_id             = "{shaped()}"
  authentication_method = "client_secret_post"
  client_secret         = "{plant()}"
}}
resource "auth0_client_grant" "a" {{
  client_id = "{shaped()}"
  audience  = "https://u:{plant()}@api.acme.example?token={plant()}"
  scopes    = ["{shaped()}"]
}}
resource "keycloak_openid_client" "a" {{
  realm_id      = "{shaped()}"
  client_id     = "{shaped()}"
  access_type   = "CONFIDENTIAL"
  client_secret = "{plant()}"
}}
resource "snowflake_user" "a" {{
  name     = "{shaped()}"
  password = "{plant()}"
}}
resource "snowflake_grant_privileges_to_account_role" "a" {{
  account_role_name = "{shaped()}"
  privileges        = ["{shaped()}"]
  on_account_object {{
    object_type = "DATABASE"
    object_name = "{shaped()}"
  }}
}}
resource "databricks_secret" "a" {{
  scope        = "{shaped()}"
  key          = "{shaped()}"
  string_value = "{plant()}"
}}
resource "databricks_cluster" "a" {{
  cluster_name   = "{shaped()}"
  spark_env_vars = {{ API_KEY = "{plant()}" }}
}}
resource "github_actions_secret" "a" {{
  repository      = "{shaped()}"
  secret_name     = "{shaped()}"
  plaintext_value = "{plant()}"
}}
"""
    attributes: dict[str, object] = {
        "id": "AKIAQ3EGRB7SAL2TKWX5",
        "user": "bot",
        "secret": plant("", 40),
        "ses_smtp_password_v4": plant("", 44),
        "note": plant(),
    }
    function = {
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "environment": [{"variables": {"API_KEY": plant(), "X": shaped()}}],
        "tags": {"Owner": shaped()},
    }
    hidden = [[{"type": "get_attr", "value": "note"}]]
    resources = [
        {
            "mode": "managed",
            "type": "aws_iam_access_key",
            "name": "k",
            "instances": [{"attributes": attributes, "sensitive_attributes": hidden}],
        },
        {"mode": "managed", "type": "aws_lambda_function", "name": shaped(), "instances": [{"attributes": function}]},
        {"mode": "managed", "type": "random_password", "name": "p", "instances": [{"attributes": {"result": plant()}}]},
    ]
    outputs = {"token": {"value": plant(), "type": "string", "sensitive": True}, "api_key": {"value": plant(), "type": "string"}}
    state = {"version": 4, "terraform_version": "1.9.5", "outputs": outputs, "resources": resources}
    values = {"password": plant(), "policy": shaped()}
    shown = {
        "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "d", "values": values, "sensitive_values": {"password": True}}]
    }
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": shown}}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::{shaped()}"}]}
    variables = {"API_KEY": plant(), "URL": f"postgres://u:{plant()}@${{var.host}}/x", shaped(): shaped()}
    resource = {"aws_lambda_function": {shaped(): {"function_name": "f", "environment": {"variables": variables}}}}
    version = {"aws_secretsmanager_secret_version": {"v": {"secret_id": "x", "secret_string": f"a{plant()} ${{var.b}}"}}}
    synthesized = {"variable": {"db_password": {"default": plant()}}, "resource": [resource, version], "locals": {"token": plant()}}
    return {
        "shop/infra/cdk.tf.json": json.dumps(synthesized),
        "shop/infra/main.tf": main,
        "shop/infra/terraform.tfvars": f'db_password = "{plant()}"\napi_keys = {{ stripe = "{shaped()}" }}\n',
        "shop/infra/broken.tf": f'resource "x" "y" {{ token = "{plant()}" = }}\nlocals {{ password = "{plant()}" }}\n',
        "shop/infra/policy.json": json.dumps(policy),
        "shop/infra/terraform.tfstate": json.dumps(state, indent=1),
        "shop/infra/plan.json": json.dumps(plan),
    }


def deployed(plant: Plant) -> dict[str, str]:
    """Manifests with secrets where they belong, and where nobody expects them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def encoded() -> str:
        return base64.b64encode(plant().encode()).decode()

    container = {
        "name": shaped(),
        "image": f"registry.example/{shaped()}:{shaped()}",
        "command": ["python", "main.py", "--token", plant()],
        "args": [f"--api-key={plant()}"],
        "env": [
            {"name": "ACME_TOKEN", "value": plant()},
            {"name": shaped(), "value": "x"},
            {"name": "DATABASE_URL", "value": f"postgres://u:{plant()}@db.example/d"},
            {"name": "MCP_URL", "value": f"https://u:{plant()}@m.example/mcp?token={plant()}"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": shaped(), "key": shaped()}}},
        ],
    }
    annotations = {"vault.hashicorp.com/role": shaped(), "vault.hashicorp.com/agent-inject-secret-x": shaped(), "owner": shaped()}
    pod = {"metadata": {"labels": {"team": shaped()}, "annotations": annotations}, "spec": {"containers": [container]}}
    objects: list[dict[str, object]] = [
        {"apiVersion": "v1", "kind": "Secret", "data": {"token": encoded()}, "stringData": {"note": plant(), shaped(): plant()}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"app.env": f"ACME_TOKEN={plant()}", "password": plant()}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{"name": shaped()}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [{"verbs": [shaped()], "resources": [shaped()]}]},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "roleRef": {"kind": "Role", "name": shaped()},
            "subjects": [{"kind": "Group", "name": shaped()}],
        },
        {
            "apiVersion": "kagent.dev/v1alpha2",
            "kind": "Agent",
            "spec": {
                "declarative": {
                    "modelConfig": "m",
                    "systemMessage": plant(),
                    "tools": [{"mcpServer": {"name": "s", "toolNames": [shaped()]}, "headersFrom": [{"name": "X-Key", "value": shaped()}]}],
                    "deployment": {"env": [{"name": "ACME_TOKEN", "value": plant()}]},
                }
            },
        },
        {"apiVersion": "kagent.dev/v1alpha2", "kind": "ModelConfig", "spec": {"model": shaped(), "defaultHeaders": {"x-api-key": plant()}}},
        {"apiVersion": "kagent.dev/v1alpha1", "kind": "ToolServer", "spec": {"config": {"stdio": servers(plant)["args"]}}},
        {
            "apiVersion": "kagent.dev/v1alpha2",
            "kind": "RemoteMCPServer",
            "spec": {"url": f"https://u:{plant()}@m.example/mcp?api_key={plant()}"},
        },
        {"apiVersion": "kagent.dev/v1alpha1", "kind": "MCPServer", "spec": {"deployment": servers(plant)["args"]}},
        {
            "apiVersion": "ark.mckinsey.com/v1alpha1",
            "kind": "Tool",
            "spec": {
                "type": "http",
                "http": {"url": f"https://a.example/?token={plant()}", "headers": [{"name": "K", "value": {"value": shaped()}}]},
            },
        },
    ]
    named = [{**one, "metadata": {"name": f"o{index}", "annotations": {"note": plant()}}} for index, one in enumerate(objects)]
    named += [{**one, "metadata": {"name": shaped(), "labels": {"team": shaped()}}} for one in objects]
    document = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"token": plant()}})
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  t: {plant()}\n"
    values = {"image": shaped(), "apiToken": plant(), "env": [{"name": "ACME_TOKEN", "value": plant()}], shaped(): {"password": plant()}}
    template = (
        f"# {shaped()}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{{{ .Values.image }}}}\n  labels: {{team: {shaped()}}}\n"
        f"stringData:\n  token: {{{{ .Values.apiToken }}}}\n  password: {plant()}\n  url: postgres://u:{plant()}@db.example/d\n"
        f'  x: {{{{ required "{shaped()}" .Values.image | quote }}}}\n  y: {{{{ toYaml .Values | b64enc }}}}\n'
    )
    return {
        "shop/chart/Chart.yaml": f"apiVersion: v2\nname: {shaped()}\nversion: 1.0.0\n",
        "shop/chart/values.yaml": yaml.safe_dump(values),
        "shop/chart/templates/secret.yaml": template,
        "shop/chart/templates/_helpers.tpl": f'{{{{ define "{shaped()}" }}}}{{{{ fail "{shaped()}" }}}}{{{{ end }}}}',
        "shop/chart/templates/broken.yaml": f'{{{{ fail "{shaped()}" }}}}\ntoken: {plant()}\n',
        "shop/deploy/Dockerfile": f"ARG T={plant()}\nFROM python:{shaped()} AS {shaped()}\nENV ACME_TOKEN={plant()} {shaped()}=1\n"
        f"ENV DATABASE_URL postgres://u:{plant()}@db.example/d\nRUN curl -H 'Authorization: Bearer {plant()}' https://x\n"
        f'CMD ["python", "{shaped()}.py", "--token", "{plant()}"]\n',
        "shop/deploy/compose.yaml": json.dumps(
            {
                "services": {
                    "app": {
                        "image": f"acme/{shaped()}",
                        "build": {"context": shaped(), "args": {"ACME_TOKEN": plant()}},
                        "command": ["python", "x.py", "--api-key", plant()],
                        "environment": {"ACME_TOKEN": plant(), "DSN": f"postgres://u:{plant()}@db.example/d", shaped(): "1"},
                        "env_file": shaped(),
                        "secrets": [shaped(), {"source": shaped()}],
                        "labels": {"token": plant()},
                    },
                    shaped(): {"environment": [f"ACME_TOKEN={plant()}"]},
                }
            }
        ),
        "shop/deploy/all.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": named}),
        "shop/deploy/broken.yaml": f"{manifest} bad: [{plant()}\n",
        "shop/deploy/run.sh": f"kubectl apply -f - <<EOF\n{manifest}EOF\n",
        "shop/deploy/made.py": f'apply("""\n# apiVersion:, kind:\n{document}\n""")\n',
        "shop/deploy/kustomization.yaml": f"secretGenerator:\n- name: s\n  literals: [token={plant()}]\nnamePrefix: {shaped()}\n",
    }


def aws_answers(plant: Plant) -> dict[str, str]:
    """What AWS's own commands print, with secrets in names, tags, conditions and descriptions."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def document() -> dict[str, object]:
        arn = "arn:aws:sqs:eu-west-1:123456789012:"
        condition = {"StringEquals": {"sts:ExternalId": plant(), "aws:PrincipalTag/token": shaped()}}
        of = {"Action": "sqs:*", "Resource": [arn + "pay", arn + shaped()], "Condition": condition}
        statement = {"Sid": shaped(), "Effect": "Allow", **of}
        return {"Statement": [statement, {**statement, "Action": shaped()}, {**statement, "Effect": shaped()}]}

    iam = "arn:aws:iam::123456789012:"
    who = {"Principal": {"AWS": [f"{iam}role/{shaped()}", shaped()], "Federated": f"{iam}oidc-provider/x.example/{shaped()}"}}
    agreed = {"StringEquals": {"sts:externalid": [plant()]}}
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", **who, "Condition": agreed}}
    tags = [{"Key": "owner", "Value": shaped()}, {"Key": "api_key", "Value": plant()}, {"Key": shaped(), "Value": "x"}]
    role = {
        "Arn": f"{iam}role/agent",
        "RoleName": shaped(),
        "Tags": tags,
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": shaped(), "PolicyDocument": document()}, {"PolicyName": "x", "PolicyDocument": shaped()}],
        "AttachedManagedPolicies": [{"PolicyArn": f"{iam}policy/{shaped()}"}],
    }
    user = {"Arn": f"{iam}user/{shaped()}", "GroupList": [shaped()], "Tags": tags}
    managed = {"Arn": f"{iam}policy/p", "Description": plant(), "PolicyVersionList": [{"Document": document(), "IsDefaultVersion": True}]}
    limit = {"PolicySummary": {"Id": "p-a1b2c3d4", "Name": shaped(), "Description": plant()}, "Content": json.dumps(document())}
    published = {"Statement": [{"Sid": shaped(), "Effect": "Allow", **who, "Action": "s3:*", "Resource": "arn:aws:s3:::pay/*"}]}
    account = {"Id": "123456789012", "Arn": "arn:aws:organizations::123456789012:account/o-a/1", "Name": shaped(), "Email": plant()}
    function = {
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:pay",
        "FunctionName": shaped(),
        "Role": f"{iam}role/{shaped()}",
        "Description": plant(),
        "Environment": {"Variables": {"API_KEY": plant(), shaped(): shaped(), "URL": f"https://u:{plant()}@x.example"}},
    }
    group: dict[str, object] = {"agentId": "PAYAGENT01", "actionGroupName": shaped(), "apiSchema": {"payload": plant()}}
    group["functionSchema"] = {"functions": [{"name": shaped(), "description": plant()}]}
    runtime = {
        "agentRuntimeArn": f"arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/{shaped()}",
        "agentRuntimeName": shaped(),
        "environmentVariables": {"API_TOKEN": plant(), "DATABASE_URL": f"postgres://u:{plant()}@db.example/shop"},
        "description": plant(),
    }
    called = {
        "eventVersion": "1.11",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "PutSecretValue",
        "awsRegion": "eu-west-1",
        "recipientAccountId": "123456789012",
        "userIdentity": {"type": "IAMUser", "arn": f"{iam}user/{shaped()}", "accessKeyId": plant("AKIA", 20), "principalId": plant()},
        "requestParameters": {"secretId": shaped(), "secretString": plant(), "tableName": shaped(), "x": [{"name": shaped()}]},
        "responseElements": {"credentials": {"sessionToken": plant(), "secretAccessKey": plant()}, "x": plant()},
        "resources": [{"ARN": f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{shaped()}"}],
        "errorMessage": "",
        "userAgent": plant(),
    }
    assumed = {"roleArn": f"{iam}role/{shaped()}", "roleSessionName": shaped(), "webIdentityToken": plant("eyJ", 60)}
    comer = {"type": "WebIdentityUser", "identityProvider": f"x.example/{shaped()}", "userName": shaped()}
    entered = {**called, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoleWithWebIdentity", "requestParameters": assumed}
    odd = {**called, "eventSource": f"{shaped().lower()}.amazonaws.com", "eventName": shaped(), "resources": []}
    records = [called, {**entered, "userIdentity": comer}, odd, {**odd, "eventSource": "ec2.amazonaws.com"}]
    keys = [{"UserName": shaped(), "AccessKeyId": "AK" + "IAQNZGKIQY56JQ7WML", "SecretAccessKey": plant(), "Status": "Active"}]
    return {
        "aws/account.json": json.dumps({"UserDetailList": [user], "RoleDetailList": [role], "Policies": [managed]}),
        "aws/keys.json": json.dumps({"AccessKeyMetadata": [*keys, {"AccessKeyId": plant(), "UserName": plant()}]}),
        "aws/scp.json": json.dumps({"Policy": limit, "Targets": [{"TargetId": "123456789012"}, {"TargetId": shaped()}]}),
        "aws/accounts.json": json.dumps({"Accounts": [account], "NextToken": plant()}),
        "aws/bucket.json": json.dumps({"Policy": json.dumps(published), "RevisionId": plant()}),
        "aws/functions.json": json.dumps({"Functions": [function]}),
        "aws/group.json": json.dumps({"agentActionGroup": group}),
        "aws/runtime.json": json.dumps(runtime),
        "aws/trail.json": json.dumps({"Records": records}),
        "aws/looked-up.json": json.dumps({"Events": [{"CloudTrailEvent": json.dumps(one), "Username": plant()} for one in records]}),
        "aws/report.csv": "user,arn,user_creation_time,password_enabled\n"
        f"{shaped()},{iam}user/{shaped()},{plant()},true\n{plant()},{plant()},,\n",
    }
