// id: GI-FLW-001
// title: Lethal trifecta in one agent
// finding: "{subject} takes in strangers' content, sees what is sensitive and can send it out"
// severity: high
// base: 8
// modifiers: [M1, M2]
// why: >
//   A sentence in a mail, a ticket or a page is enough: the agent reads it, follows it, looks up what is sensitive and sends it away, all
//   with rights it was given.
// remediation: >
//   Take one leg away, the one that is named as cheapest first; or let a decision deny what is sent out once strangers' content was read.
// frameworks:
//   [ASI01, ASI02, T6, AML.T0051.001, AML.T0086, AML.T0057, "LLM01:2026", "LLM02:2026", "MCP06:2025", MAESTRO-L2.02, AML.M0030,
//    AML.T0085.001, AML.T0093, MAESTRO-X.04, "steps/toolCallResult"]
// needs: [Agent, INGESTS|Tool.ingests_untrusted|ToolServer.origin, Tool.effects, CAN_ACCESS|HOLDS]
// clear_needs: [INGESTS|Tool.ingests_untrusted]
// function: trifecta
// parameters:
//   examples: {type: integer, default: 10, meaning: How many of the sensitive things are listed}
// traps:
//   - All three legs have to stand at one time
//   - Hosts that are allowed and take in data of anybody are still a way out
//   - A leg behind a decision that is enforced weighs less
//   - What merely lies in a vault is not seen by the agent
//   - A key in the environment of its process, or of what it runs on, is used for it and not seen by it, nor is what the key opens, unless
//     it can execute something there
//   - What a server of somebody else says of its tools is strangers' content too, where the server is not pinned; less sure, as the only leg
// columns:
//   untrusted: Where strangers' content comes from
//   sensitive: What is sensitive and within its own reach, the heaviest first
//   egress: What can send something out
//   cheapest: The leg with the fewest ways, so the cheapest to take away
