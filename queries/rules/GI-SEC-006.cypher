// id: GI-SEC-006
// title: One secret held by several agents
// finding: "{who} use the secret {subject}"
// severity: medium
// base: 6
// modifiers: [M2, LACK]
// why: >
//   It cannot be taken from one of them without stopping the others, nobody can tell which of them used it, and each of them can leak it.
// remediation: >
//   Give each agent a secret of its own, or let a broker hold it and decide for each agent.
// frameworks: ["NHI9:2025", "NHI10:2025", ASI03, ASI08, PR.AA-01]
// needs: [Agent, HOLDS]
// function: shared_secret
// unknown: the fingerprint is that of a cut-off value
// parameters:
//   agents: {type: integer, default: 2, meaning: How many distinct agents make a secret shared}
//   models: {type: list, default: [anthropic, openai, gemini, mistral, cohere, groq, deepseek, openrouter, huggingface], meaning: "Words in a key's name or type that say that it opens a provider of models"}
// traps:
//   - Replicas of one agent, and the servers of one agent, are one holder
//   - A sub-agent that runs inside its caller by the same servers is no further holder
//   - One path in a vault that issues a short-lived secret to each caller
//   - Fingerprints of cut-off values agree though the secrets do not
//   - Programs that read a variable of the same name need not be given the same secret
//   - The key of a provider of models, with which one can spend money and little else
// columns:
//   agents: Ids of the agents
//   parties: "How many distinct ones, replicas and in-process sub-agents counted once"
//   people: People on whose machines it lies as well, where no agent has it from there
//   who: Both in words
//   through: "Servers, tools and runtimes that hold it for them"
//   places: Where it lies
