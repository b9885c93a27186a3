"""Genkit in TypeScript: prompts that are agents, flows that call a model with tools."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, linked, names, pairs

GENKIT = """import { genkit, z } from "genkit";
import { googleAI } from "@genkit-ai/google-genai";
export const ai = genkit({ plugins: [googleAI()], model: googleAI.model("gemini-2.5-flash") });
"""
FILES = {
    "src/genkit.ts": GENKIT,
    "src/tools.ts": """import { execSync } from "node:child_process";
import { ai } from "./genkit";
import { z } from "genkit";
export const run = ai.defineTool({ name: "run", description: "Runs a command", inputSchema: z.object({ command: z.string() }) },
  async ({ command }) => execSync(command).toString());
export const ask = ai.defineInterrupt({ name: "ask", description: "Asks the user", inputSchema: z.object({}) });
""",
    "src/agents.ts": """import { googleAI } from "@genkit-ai/google-genai";
import { ai } from "./genkit";
import { ask, run } from "./tools";
export const clerk = ai.definePrompt({ name: "clerk", description: "Sells", tools: [run], system: "You sell." });
export const plain = ai.definePrompt({ name: "plain", prompt: "Say {{it}}" });
export const triage = ai.definePrompt({ name: "triage", model: googleAI.model("gemini-2.5-pro"), tools: [clerk, ask] });
export const kept = ai.defineAgent({ name: "kept", tools: ["run"] });
export const talk = (options) => ai.chat(options);
export const research = ai.defineFlow({ name: "research", inputSchema: z.string() }, async (task) => {
  let answer = await ai.generate({ prompt: task, tools: [run, ask] });
  while (answer.interrupts.length) answer = await ai.generate({ messages: answer.messages, tools: [run, ask] });
  return answer.text;
});
export const summary = ai.defineFlow("summary", async (text) => (await ai.generate({ prompt: text })).text);
""",
}


def test_prompts_agents_and_flows_with_tools() -> None:
    facts = linked(FILES)
    assert names(facts, "Agent") == {"clerk", "triage", "kept", "research"}
    assert pairs(facts, "USES") == {
        ("clerk", "run"),
        ("triage", "ask"),
        ("kept", "run"),
        ("research", "run"),
        ("research", "ask"),
    }
    assert delegations(facts) == {("triage", "clerk", "handoff", "agent_as_tool")}
    assert facts.nodes["Tool", "tool:shop/src/tools#run"]["effects"] == ["execute"]
    assert ("triage", "gemini-2.5-pro") in pairs(facts, "USES_MODEL")
    assert not facts.problems


def test_an_instance_that_only_its_document_knows() -> None:
    text = (
        GENKIT.replace("export const", "const")
        + """
const look = ai.defineTool({ name: "look", description: "Looks" }, async () => "x");
export const flow = ai.defineFlow({ name: "menu" }, async (it, { sendChunk }) => {
  const { stream, response } = ai.generateStream({ model: googleAI.model("gemini-2.5-pro"), prompt: it, tools: [look] });
  return (await response).output;
});
"""
    )
    facts = linked({"src/menu.ts": text})
    assert pairs(facts, "USES") == {("menu", "look")}
    assert pairs(facts, "USES_MODEL") == {("menu", "gemini-2.5-pro")}
