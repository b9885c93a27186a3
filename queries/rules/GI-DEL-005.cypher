// id: GI-DEL-005
// title: Confused deputy
// finding: "{subject} acts with its own power for {parties} agents and cannot tell them apart"
// severity: high
// base: 7
// modifiers: [M2, M3, M4]
// why: >
//   It does for each caller whatever it can do itself: an agent that may do nothing has only to ask.
// remediation: >
//   Decide at the deputy for the user or agent that asks, ask for consent by client, and pass no token through.
// frameworks: [ASI03, T3, T14, "MCP07:2025", AML.T0053, PR.AA-05, ZT-6, MAESTRO-L7.03, C9, AML.M0027]
// needs: [RUNS_AS|HOLDS, CAN_ACCESS, USES|CONNECTS_TO|DELEGATES_TO]
// function: confused_deputy
// parameters:
//   callers: {type: integer, default: 2, meaning: How many distinct agents have to call it}
// traps:
//   - A deputy that decides itself for the user or agent that asks
//   - A deputy with one caller, or replicas of one
//   - A caller whose name goes along, or for whom a point on the hop decides
//   - A sub-agent that runs in its caller's framework is no further caller
// columns:
//   callers: Who asks it, itself or by a flow
//   parties: How many distinct agents they are, replicas and those that run in one another counted once
//   targets: How many things it can change
