// id: GI-FLW-002
// title: Toxic flow over several agents
// finding: "{how}"
// severity: high
// base: 7
// modifiers: [M1, M2, M5]
// why: >
//   No single agent has everything that an attack needs, so none looks dangerous; together they carry a stranger's words to what is
//   sensitive, and what is sensitive to a way out.
// remediation: >
//   Break the walk at its cheapest edge: a typed interface that lets through only numbers and choices (an enforcement point of kind
//   sanitiser), an agent in quarantine that reads strangers' content, or a decision on the hop out.
// frameworks: [ASI01, ASI08, ASI07, T12, AML.T0086, AML.T0080, "LLM01:2026", "MCP10:2025", MAESTRO-L2.02, AML.M0032]
// needs: [Agent, DELEGATES_TO|CALLS_BACK|READS, INGESTS|Tool.ingests_untrusted, Tool.effects, CAN_ACCESS|HOLDS]
// function: toxic_flow
// parameters:
//   examples: {type: integer, default: 10, meaning: How many of the sensitive things are listed}
// traps:
//   - Data flows along a call and back, and over a memory from those who write to those who read
//   - An edge that lets only typed values through breaks the flow
//   - All of the walk has to stand at one time
//   - What needs somebody to remember one caller's data until another calls is less sure
//   - A key in the environment of its process is used for the agent and not seen by it, unless it can execute something there
//   - A flow sends where its author says, so that it is less sure that a stranger gets it
// columns:
//   source: The nearest agent that takes strangers' content in
//   egress: The nearest agent that can send something out
//   how: The walk in words
//   sensitive: What is sensitive and within its own reach, the heaviest first
