"""What calls do."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest.support.effects import (
    ANY_SQL,
    Action,
    Language,
    actions_of,
    aws_action,
    call_action,
    http_action,
    name_hints,
    open_action,
    sql_action,
    verb_effects,
)
from graphinv.model.kinds import Effect


def seen(action: Action | None) -> str | None:
    return None if action is None else " ".join(sorted(action.effects)) + (" !" if action.untrusted else "")


PYTHON = {
    "subprocess.run": "execute",
    "subprocess.check_output": "execute",
    "os.system": "execute",
    "os.execvp": "execute",
    "eval": "execute",
    "paramiko.SSHClient.exec_command": "egress execute",
    "docker.from_env.containers.run": "execute",
    "os.remove": "destructive",
    "shutil.rmtree": "destructive",
    "googleapiclient.discovery.build.events.list.execute": "",
    "shutil.move": "write",
    "pathlib.Path.write_text": "write",
    "pathlib.Path.parent.unlink": "destructive",
    "pathlib.Path.read_bytes": "read",
    "?.unlink": "destructive",
    "os.listdir": "read",
    "smtplib.SMTP.send_message": "egress irreversible write",
    "smtplib.SMTP.login": "",
    "imaplib.IMAP4_SSL": "",
    "imaplib.IMAP4_SSL.fetch": "egress read !",
    "imaplib.IMAP4_SSL.store": "egress write",
    "imaplib.IMAP4_SSL.expunge": "destructive egress",
    "imap_tools.MailBox.login.fetch": "egress read !",
    "imap_tools.MailBox.login.delete": "destructive egress",
    "langchain_tavily.TavilySearch.ainvoke": "egress read !",
    "langchain_community.utilities.SerpAPIWrapper.arun": "egress read !",
    "praw.Reddit.subreddit.submit": "egress irreversible write",
    "sendgrid.SendGridAPIClient.send": "egress irreversible write",
    "stripe.Refund.create": "egress irreversible write",
    "stripe.StripeClient.refunds.create": "egress irreversible write",
    "stripe.Customer.list": "egress read",
    "stripe.Customer.delete": "destructive egress",
    "github.Github": "",
    "github.Github.get_repo.create_issue": "egress write",
    "github.Github.get_repo.get_issues": "egress read !",
    "slack_sdk.WebClient.chat_postMessage": "egress irreversible write",
    "slack_sdk.web.async_client.AsyncWebClient.conversations_history": "egress read !",
    "jira.JIRA.transition_issue": "egress write",
    "notion_client.Client.pages.create": "egress write",
    "kubernetes.client.CoreV1Api.delete_namespaced_pod": "destructive egress",
    "googleapiclient.discovery.build.users.messages.send": "egress irreversible write",
    "playwright.async_api.async_playwright.start": "egress read !",
    "selenium.webdriver.Chrome.get": "egress read !",
    "openai.OpenAI.chat.completions.create": "egress",
    "anthropic.Anthropic.messages.create": "egress",
    "pymongo.MongoClient.find": "read",
    "pymongo.MongoClient.delete_many": "destructive",
    "User.objects.filter": "read",
    "User.objects.filter.delete": "destructive",
    "sqlalchemy.delete": "destructive",
    "json.dumps": "",
    "len": "",
    "ValueError": "",
    "acme.core.go": None,
    "?.run": None,
}
JAVASCRIPT = {
    "node:child_process.exec": "execute",
    "child_process.execFileSync": "execute",
    "execa.execa": "execute",
    "fs.promises.writeFile": "write",
    "node:fs/promises.readFile": "read",
    "fs.unlinkSync": "destructive",
    "@octokit/rest.Octokit.issues.create": "egress write",
    "@octokit/rest.Octokit.issues.listForRepo": "egress read !",
    "@slack/web-api.WebClient.chat.postMessage": "egress irreversible write",
    "stripe.Stripe.refunds.create": "egress irreversible write",
    "nodemailer.createTransport.sendMail": "egress irreversible write",
    "puppeteer.launch": "egress read !",
    "openai.OpenAI.chat.completions.create": "egress",
    "@prisma/client.PrismaClient.user.findMany": "read",
    "@prisma/client.PrismaClient.user.deleteMany": "destructive",
    "JSON.parse": "",
    "./local.helper": None,
}


@pytest.mark.parametrize(
    ("language", "path", "effects"),
    [*(("python", *row) for row in PYTHON.items()), *(("javascript", *row) for row in JAVASCRIPT.items())],
)
def test_calls(language: Language, path: str, effects: str | None) -> None:
    assert seen(call_action(path, language)) == effects


@pytest.mark.parametrize(
    ("language", "path", "refine", "method"),
    [
        ("python", "requests.get", "http", "GET"),
        ("python", "httpx.AsyncClient.post", "http", "POST"),
        ("python", "aiohttp.ClientSession.delete", "http", "DELETE"),
        ("python", "requests.request", "http", "*"),
        ("python", "open", "open", ""),
        ("python", "sqlite3.connect.cursor.execute", "sql", ""),
        ("python", "psycopg2.connect.cursor.executemany", "sql", ""),
        ("python", "sqlalchemy.text", "sql", ""),
        ("python", "?.execute", "sql", ""),
        ("python", "boto3.client.put_object", "aws", ""),
        ("javascript", "fetch", "http", "*"),
        ("javascript", "axios.create.patch", "http", "PATCH"),
        ("javascript", "pg.Pool.query", "sql", ""),
        ("javascript", "@aws-sdk/client-s3.DeleteObjectCommand", "aws", ""),
    ],
)
def test_calls_that_their_arguments_make_exact(language: Language, path: str, refine: str, method: str) -> None:
    action = call_action(path, language)
    assert action is not None
    assert (action.refine, action.method) == (refine, method)


def test_requests() -> None:
    assert seen(http_action("get", "api.weather.example")) == "egress read !"
    assert seen(http_action("GET", None)) == "egress read !"
    assert seen(http_action("GET", "orders.shop.internal")) == "egress read"
    assert seen(http_action("POST", "api.weather.example")) == "egress write"
    assert seen(http_action("DELETE", None)) == "destructive egress"
    assert seen(http_action(None, None)) == "egress read write !"


def test_opening_files() -> None:
    modes = {None: "read", "r": "read", "rb": "read", "w": "write", "ab": "write", "x": "write", "r+": "read write", "w+b": "read write"}
    assert {mode: seen(open_action(mode)) for mode in modes} == modes


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("SELECT * FROM orders WHERE note = 'please delete'", "read"),
        ("-- drop nothing\n  select 1", "read"),
        ("INSERT INTO t VALUES (1)", "write"),
        ("update t set a = 1", "write"),
        ("DELETE FROM {table}", "destructive"),
        ("DROP TABLE t", "destructive"),
        ("TRUNCATE t", "destructive"),
        ("select 1; drop table t", "destructive read"),
        ("WITH old AS (SELECT 1) DELETE FROM t", "destructive read"),
        ("with a as (select 1) select * from a", "read"),
        ("COPY t FROM PROGRAM 'x'", "execute"),
        ("COPY t TO STDOUT", "read"),
        ("CALL pay(1)", "execute"),
        ("BEGIN", ""),
        ("MATCH (n) RETURN n", "read"),
        ("MATCH (n) DETACH DELETE n", "destructive read"),
        ("MERGE (n:Person {id: 1})", "write"),
        ("a sentence", None),
        ("", None),
        ("{query}", None),
    ],
)
def test_statements(text: str, effects: str | None) -> None:
    assert seen(sql_action(text)) == effects


def test_a_statement_that_the_caller_writes_may_be_any() -> None:
    assert seen(ANY_SQL) == "destructive read write"


def test_operations_of_aws() -> None:
    operations = {
        "get_object": "read",
        "list_buckets": "read",
        "describe_instances": "read",
        "put_object": "write",
        "update_item": "write",
        "delete_item": "destructive",
        "terminate_instances": "destructive",
        "invoke": "execute",
        "invoke_model": "egress",
        "converse": "egress",
        "send_message": "egress irreversible write",
        "publish": "egress irreversible write",
        "PutObjectCommand": "write",
        "get_paginator": None,
    }
    assert {operation: seen(aws_action(operation)) for operation in operations} == operations


def test_the_name_of_a_tool_is_only_a_hint() -> None:
    assert name_hints("delete_customer") == ["named_destructive=true"]
    assert name_hints("weather") == []
    assert verb_effects("getUserById") == {"read"}


def test_actions_on_a_resource() -> None:
    assert actions_of(["destructive", "egress", "execute", "read", "write"]) == ["delete", "execute", "read", "write"]
    assert actions_of(["egress"]) == []


def test_every_effect_of_the_tables_is_one_of_the_vocabulary() -> None:
    from graphinv.ingest.support.effects import _RULES

    found = {
        effect for rules in _RULES.values() for group in rules.values() for rule in group if rule.action for effect in rule.action.effects
    }
    assert found == set(get_args(Effect))


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_a_path_a_statement_and_a_name(text: str) -> None:
    call_action(text, "python")
    call_action(text, "javascript")
    sql_action(text)
    aws_action(text)
    name_hints(text)


def test_long_inputs_take_no_long_time() -> None:
    for text in ("a." * 50_000, "select (" * 20_000, "'" * 100_000, "/*" * 50_000, "merge " * 20_000, "with a as (" * 20_000):
        call_action(text[:100_000], "python")
        sql_action(text)
        verb_effects(text)


def test_questions_that_are_posted() -> None:
    assert seen(http_action("POST", "google.serper.dev")) == "egress read !"
    assert seen(http_action("POST", "Chrome.Browserless.io")) == "egress read !"
    assert seen(http_action("POST", "api.openai.com")) == "egress read", "an answer of a model, and nobody's words"
    assert seen(http_action("POST", "serper.dev.acme.example")) == "egress write"
    assert seen(http_action("DELETE", "google.serper.dev")) == "destructive egress"


@pytest.mark.parametrize(
    ("address", "does"),
    [
        ("https://docs.acme.example/api/v1/search", "egress read !"),
        ("{base}/orders/_search?size=5", "egress read !"),
        ("https://ml.acme.example/models/m1:predict", "egress read !"),
        ("https://llm.acme.example/v1/chat/completions/", "egress read !"),
        ("https://acme.example/search/orders", "egress write"),
        ("https://acme.example/research", "egress write"),
        ("https://acme.example/query", "egress write"),
        ("", "egress write"),
    ],
)
def test_what_is_posted_where_only_questions_go_asks(address: str, does: str) -> None:
    assert seen(http_action("POST", "acme.example", address)) == does
    assert seen(http_action("PUT", "acme.example", address)) == "egress write"
    assert seen(http_action("POST", "acme.internal", address)) == does.removesuffix(" !")


def test_statements_say_what_operations_of_aws_do() -> None:
    assert aws_action("execute_statement") is None
    assert aws_action("BatchExecuteStatementCommand") is None
    assert aws_action("start_query_execution") is None
    assert seen(aws_action("start_query")) == "read"
    assert seen(aws_action("start_instances")) == "execute"


def test_looking_up_is_not_making() -> None:
    assert seen(call_action("git.Repo.commit", "python")) == "read"
    assert seen(call_action("git.Repo.index.commit", "python")) == "write"
    assert seen(call_action("importlib.import_module", "python")) == "", "it loads what is installed"
