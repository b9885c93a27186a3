// id: GI-INV-004
// title: Seen, and not declared
// finding: "{subject} was seen to {deed} {target}, which nobody declares"
// severity: medium
// base: 5
// modifiers: [M1, M2, M3, M4, M6]
// why: >
//   What was meant was reviewed; this was not. It is a change that nobody made on purpose, or an attack.
// remediation: >
//   Approve and declare it, or block it at the enforcement point; write down which.
// frameworks: [ASI10, ASI02, MEASURE 2.4, MEASURE 3.1, DE.CM-09, DE.AE-03, ZT-5, A.6.2.6, MAESTRO-L7.12, "MCP02:2025"]
// needs: ["USES.evidence:observed|CONNECTS_TO.evidence:observed|DELEGATES_TO.evidence:observed|RUNS_AS.evidence:observed|RUNS_ON.evidence:observed"]
// function: drift
// unknown: something declared has nearly the same name, is another version of it, or does not tell its tools
// parameters:
//   hours: {type: integer, default: 24, meaning: How long the declaration may come after the sighting}
// traps:
//   - The sighting is read before the declaration
//   - A server of another version than the declared one
//   - A gateway that puts its own name before that of the tool
//   - A tool of a connected server of which nobody states the tools
// columns:
//   deed: What it was seen to do
//   last_seen: When
//   count: How often
//   scopes: What it was seen to pass on beyond what is declared
