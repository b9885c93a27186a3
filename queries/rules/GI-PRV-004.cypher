// id: GI-PRV-004
// title: Hidden reach
// finding: "{subject} reaches {target}{counts} only through others"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3, M4, M5]
// why: >
//   None of the agent's own identities, tools or secrets gives this access, so no review of the agent shows it: it comes by way of a
//   sub-agent, a call-back or a workflow.
// remediation: >
//   Cut or scope the hop that brings it, or put an enforcement point there that decides on behalf of the first caller.
// frameworks: [ASI03, ASI08, T3, AML.T0084.003, PR.AA-05, ID.AM-03, ZT-4, MAESTRO-X.03, "LLM03:2026"]
// needs: [Agent, CAN_ACCESS]
// function: hidden_reach
// unknown: the scopes of the delegation are not in a form that can be evaluated
// parameters:
//   most: {type: integer, default: 25, meaning: "Up to how many targets of one agent are findings of their own; more are counted in one"}
//   searches: {type: integer, default: 500, meaning: "For how many targets at most, the weightiest first, ways are searched; what is left is counted"}
// traps:
//   - Scopes of a delegation that cannot be evaluated are unknown, not unlimited
//   - An agent that calls itself gains nothing
//   - What the agent could do anyway by its own means is not hidden
//   - To read is what most sub-agents are asked for; it counts where to have read is the harm, of what is restricted or a crown jewel
// columns:
//   actions: What it can do there
//   targets: "How many targets there are, where they are counted in one finding"
//   counts: "How many of each sensitivity, where they are counted in one finding"
//   examples: "Some of the sensitive ones, where they are counted in one finding"
