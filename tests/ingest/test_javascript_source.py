"""The reader as such: what imports mean, hostile sources, credentials, what it costs."""

from __future__ import annotations

import contextlib
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import facts_of, javascript_source
from graphinv.ingest.support.javascript import ir
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, NodeFact
from tests.ingest.javascript_reading import delegations, linked, names, source
from tests.ingest.reading import document, fake, fingerprint

IMPORT = 'import { Agent } from "@openai/agents";\n'
TARGET = IMPORT + 'export const helper = new Agent({ name: "helper" });\nexport default helper;\n'


@pytest.mark.parametrize(
    ("path", "statement", "more"),
    [
        ("src/a.ts", 'import { helper } from "./b";', {"src/b.ts": TARGET}),
        ("src/a.ts", 'import { helper } from "./b.js";', {"src/b.ts": TARGET}),
        ("src/a.ts", 'import helper from "./b";', {"src/b/index.tsx": TARGET}),
        ("src/a.ts", 'import * as all from "./b"; const { helper } = all;', {"src/b.mts": TARGET, "src/b.ts": TARGET}),
        ("src/a.cjs", 'const { helper } = require("./b.cjs");', {"src/b.cjs": TARGET}),
        ("src/a.ts", 'const helper = (await import("./b")).default;', {"src/b.ts": TARGET}),
        ("src/a.ts", 'import { other as helper } from "./b";', {"src/b.ts": 'export { helper as other } from "./c";', "src/c.ts": TARGET}),
        ("src/a.ts", 'import { helper } from "./b";', {"src/b.ts": 'export * from "./c";', "src/c.ts": TARGET}),
        (
            "src/a.ts",
            'import { all } from "./b"; const helper = all.helper;',
            {"src/b.ts": 'export * as all from "./c";', "src/c.ts": TARGET},
        ),
        (
            "web/src/a.ts",
            'import { helper } from "@/lib/b";',
            {"web/src/lib/b.ts": TARGET, "web/tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}'},
        ),
        (
            "apps/web/a.ts",
            'import { helper } from "@acme/agents";',
            {"packages/agents/src/index.ts": TARGET, "packages/agents/package.json": '{"name": "@acme/agents", "main": "dist/index.js"}'},
        ),
    ],
)
def test_what_an_import_means(path: str, statement: str, more: dict[str, str]) -> None:
    text = f'{IMPORT}{statement}\nexport const boss = new Agent({{ name: "boss", handoffs: [helper] }});\n'
    facts = linked({path: text, **more})
    assert ("boss", "helper", "handoff", "handoff") in delegations(facts)
    assert facts.problems == []


def test_common_modules() -> None:
    facts = linked(
        {
            "a.js": 'const { Agent } = require("@openai/agents");\nexports.helper = new Agent({ name: "helper" });\n',
            "b.js": 'const { Agent } = require("@openai/agents");\nconst a = require("./a");\n'
            'module.exports = { boss: new Agent({ name: "boss", handoffs: [a.helper] }) };\n',
        }
    )
    assert delegations(facts) == {("boss", "helper", "handoff", "handoff")}


@pytest.mark.parametrize(
    "cycle",
    [
        {
            "a.ts": IMPORT + 'export * from "./b";',
            "b.ts": IMPORT + 'export * from "./a";\nimport { x } from "./a";\nnew Agent({ name: x });',
        },
        {"a.ts": IMPORT + "const f = () => f();\nnew Agent({ name: f() });"},
        {"a.ts": IMPORT + "const a = b, b = a;\nnew Agent({ name: a, tools: [b] });"},
        {"a.ts": IMPORT + "class A extends B {}\nclass B extends A {}\nnew A({ name: 'x' });"},
        {"a.ts": IMPORT + "function f(n) { return [f(n + 1), new Agent({ name: `a${n}` })]; }\nf(1);"},
        {"a.ts": IMPORT + "const agent = new Agent({ name: 'x', handoffs: [agent] });\nagent.handoffs.push(agent);"},
        {"a.ts": IMPORT + "let s = 'a';\ns = s + s; s = `${s}${s}`;\nnew Agent({ name: s });"},
    ],
)
def test_what_is_made_from_itself_comes_to_an_end(cycle: dict[str, str]) -> None:
    assert linked(cycle).drawn("DELEGATES_TO") == set()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a:" * 100_000,
        "`${" * 50_000,
        "a=>" * 50_000,
        "<a>" * 20_000,
        "f(" * 1500 + ")" * 1500,
        "x" + ".then(y)" * 20_000,
        "x = " + "1 + " * 20_000 + "1",
        "if (a) {} else " * 5000,
        "const [" + "[" * 1000 + "a" + "]" * 1000 + "] = b",
        "export {" + ",".join(f"a{number}" for number in range(20_000)) + "}",
        "\ud7ff\u2028\u2029 import { from '' export * from",
    ],
)
def test_hostile_sources_give_facts_or_one_error(text: str) -> None:
    try:
        list(facts_of(javascript_source, document(IMPORT + text, "a.tsx")))
    except IngestError as error:
        message = error.message
    else:
        message = "nested"
    assert "nested" in message


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(IngestError, match="UTF-8"):
        javascript_source.summarise(document(IMPORT.encode() + b"\xff\xfe", "a.ts"))


def test_what_only_says_that_it_is_utf_16_is_no_error() -> None:
    summary = javascript_source.summarise(document(b"\xff\xfe" + b"x" * 11, "stealth.js"))
    assert isinstance(summary, ir.Module)
    assert not summary.marked


def test_what_has_nothing_to_do_with_agents_is_no_error() -> None:
    broken = (("app.ts", b"const tool = require('x'); \xe9"), ("package.json", b"{{ name }}"), ("a.ts", b"import agents;" + b"[" * 9000))
    for path, data in broken:
        assert list(facts_of(javascript_source, document(data, path))) == []


@given(st.text(alphabet="abA1(){}[]=>.,;:'\"`$/*\n newimportexportconst", max_size=200))
def test_any_text_gives_facts_or_an_ingest_error(text: str) -> None:
    with contextlib.suppress(IngestError):
        list(facts_of(javascript_source, document(IMPORT + text, "a.ts")))


def test_bundles_are_left_out() -> None:
    bundled = TARGET + "var a=1;" * 20_000
    assert source(bundled, "out/app.js").all == []


def test_a_secret_becomes_its_fingerprint_and_is_in_no_summary() -> None:
    key, other = fake("key", "sk" + "_live_", 24), fake("other")
    text = (
        'import { Agent, tool } from "@openai/agents";\nimport Stripe from "stripe";\n'
        f'const stripe = new Stripe("{key}");\nconst API_KEY = "{other}";\n'
        'const pay = tool({ name: "pay", execute: async () => stripe.refunds.create({}) });\n'
        'export const a = new Agent({ name: "a", tools: [pay], note: API_KEY });\n'
    )
    summary = javascript_source.summarise(document(text, "a.ts"))
    assert key.encode() not in pickle.dumps(summary)
    assert other.encode() not in pickle.dumps(summary)
    facts = source(text, "a.ts")
    held = {edge.target for edge in facts.edges if edge.kind == "HOLDS" and edge.source == ("Tool", "tool:shop/a#pay")}
    assert held == {("Secret", f"secret:{fingerprint(key)}")}
    assert key not in repr(facts.all)


def test_documents_without_agents_are_only_skimmed() -> None:
    text = 'import React from "react";\nexport * from "./b";\nexport const NAME = "x";\nexport function App() { return f(g(h())); }\n'
    summary: Any = javascript_source.summarise(document(text, "src/app.tsx"))
    assert isinstance(summary, ir.Module)
    assert summary.functions == ()
    assert summary.stars == ("./b",)
    assert set(summary.exports) == {"NAME"}


def test_constants_of_skimmed_documents_are_known() -> None:
    facts = linked(
        {"names.ts": 'export const BOSS = "boss";\n', "a.ts": IMPORT + 'import { BOSS } from "./names";\nnew Agent({ name: BOSS });\n'}
    )
    assert names(facts, "Agent") == {"boss"}


def test_the_order_of_documents_does_not_matter() -> None:
    files = {"a.ts": TARGET, "b.ts": IMPORT + 'import { helper } from "./a";\nnew Agent({ name: "boss", handoffs: [helper] });\n'}
    one, other = linked(files), linked(dict(reversed(files.items())))
    kinds = (NodeFact, EdgeFact)
    assert [fact for fact in one.all if isinstance(fact, kinds)] == [fact for fact in other.all if isinstance(fact, kinds)]


def test_two_hundred_copies_are_two_hundred_agents() -> None:
    facts = linked({f"copy{number}/a.ts": TARGET for number in range(200)})
    assert len([1 for kind, _ in facts.nodes if kind == "Agent"]) == 200


def test_agents_of_one_variable_in_several_functions_are_several() -> None:
    text = """
import { unstable_v2_createSession } from "@anthropic-ai/claude-agent-sdk";
async function first() {
  await using session = unstable_v2_createSession({ model: "sonnet" });
}
async function second() {
  const session = unstable_v2_createSession({ model: "opus" });
  {
    const session = unstable_v2_createSession({ model: "haiku" });
  }
}
"""
    facts = linked({"a.ts": text})
    place = "claude-agent-sdk:shop/a#"
    models = {(source.removeprefix(place), target) for source, target in facts.drawn("USES_MODEL")}
    assert models == {("session", "sonnet"), ("second/session", "opus"), ("second/session~2", "haiku")}


@pytest.mark.parametrize(
    ("says", "module"),
    [
        ("env.SHOP_API_KEY", "export const env = { SHOP_API_KEY: process.env.SHOP_API_KEY ?? '' }"),
        ("env.SHOP_API_KEY", "const schema = z.object({ SHOP_API_KEY: z.string() })\nexport const env = schema.parse(process.env)"),
        ("env.SHOP_API_KEY", "const checked = schema.safeParse(process.env)\nexport const env = checked.data"),
        (
            "env.SHOP_API_KEY",
            "export const env = createEnv({ server: { SHOP_API_KEY: z.string() }, runtimeEnv: process.env })",
        ),
        (
            "env.SHOP_API_KEY",
            "function read() {\n  try { return schema.parse(process.env) } catch (e) { throw e }\n}\nexport const env = read()",
        ),
        (
            "env('SHOP_API_KEY')",
            "export function env(name: string) {\n  const value = process.env[name]\n  if (!value) throw name\n  return value\n}",
        ),
        ("env", "export const { SHOP_API_KEY: env } = process.env"),
    ],
)
def test_a_variable_that_comes_through_a_module_of_the_environment(says: str, module: str) -> None:
    facts = linked(
        {
            "desk.ts": """
import { generateText, stepCountIs, tool } from 'ai'
import { env } from './env'

const refund = tool({
  description: 'Refund an order.',
  execute: async ({ order }) => {
    const headers = { Authorization: `Bearer ${SAYS}` }
    const answer = await fetch('https://api.shop.example/refunds', { method: 'POST', headers, body: order })
    return answer.json()
  },
})
export const desk = () => generateText({ model: 'openai/gpt-4o', tools: { refund }, stopWhen: stepCountIs(5), prompt: 'x' })
""".replace("SAYS", says),
            "env.ts": f"import {{ z }} from 'zod'\nimport {{ createEnv }} from '@t3-oss/env-nextjs'\n{module}\n",
        }
    )
    assert facts.drawn("HOLDS") == {("tool:shop/desk#refund", "env:SHOP_API_KEY")}


def test_what_is_started_with_the_environment_is_no_variable() -> None:
    facts = linked(
        {
            "desk.ts": """
import { generateText, stepCountIs, tool } from 'ai'
import { start } from './start'

const run = tool({ description: 'Run it.', execute: async () => fetch('https://api.shop.example', { body: start().API_TOKEN }) })
export const desk = () => generateText({ model: 'openai/gpt-4o', tools: { run }, stopWhen: stepCountIs(5), prompt: 'x' })
""",
            "start.ts": "import { spawn } from 'child_process'\nexport const start = () => spawn('ls', [], { env: process.env })\n",
        }
    )
    assert facts.drawn("HOLDS") == set()
