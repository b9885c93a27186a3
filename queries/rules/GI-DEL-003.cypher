// id: GI-DEL-003
// title: Delegation too deep
// finding: "{subject} {what}"
// severity: medium
// base: 4
// modifiers: [M5]
// why: >
//   With each hop the reason for a request gets thinner and somebody else can bend it; at the end nobody knows any more what was asked.
// remediation: >
//   Set a limit of hops in tokens and at enforcement points, and flatten the chain.
// frameworks: [ASI08, ASI03, T5, AML.T0084.003, MAESTRO-L3.06, C9]
// needs: [DELEGATES_TO]
// function: deep_chain
// parameters:
//   hops: {type: integer, default: 3, meaning: How many hops are well}
// traps:
//   - Agents of one owner that only pass on and have no power of their own count for nothing
//   - A ring counts as one agent, however often it can be gone round; a limit of hops holds inside it too
//   - Only the agent that starts a chain is told, not each on the way; where a flow starts it, the first agent
// columns:
//   what: What is too deep
//   depth: How many hops
