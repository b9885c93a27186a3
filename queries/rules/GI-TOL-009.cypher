// id: GI-TOL-009
// title: Code execution without isolation
// finding: "{subject} executes what it is given on {target}: {reason}"
// severity: high
// base: 7
// modifiers: [M1, M2, M4, LACK]
// why: >
//   What the agent is talked into runs with everything the machine has: its files, its network, its keys.
// remediation: >
//   Run it in a sandbox without credentials, isolated from its host, with a list of the hosts it may reach.
// frameworks: [ASI05, T11, "MCP05:2025", AML.T0050, AML.T0105, MAESTRO-L4.06, C9, AML.M0032, AML.T0112.000, C4, AST06]
// needs: [Tool.effects, RUNS_ON]
// function: unconfined_code
// unknown: no source states where their code runs, or whether that is a sandbox
// traps:
//   - A sandbox that has a key or an identity of its host is none
//   - Each command is approved by somebody
//   - Isolated from its runtime, it cannot use what that has
//   - A tool whose provider executes it in a sandbox of its own (label `sandboxed=…`)
// columns: {reason: What is not kept apart, tools: What executes}
