// id: GI-PRV-006
// title: Toxic combination of duties
// finding: "{subject} holds both {pair}"
// severity: high
// base: 7
// modifiers: [M1, M3]
// why: >
//   Two duties are kept apart so that it takes two to do harm unseen; one agent with both needs nobody.
// remediation: >
//   Give them to two agents with identities of their own, or have one side approved call by call.
// frameworks: [PR.AA-05, ASI03, ASI08, "LLM03:2026", A.9.2]
// needs: [Agent, Tool.labels:duty|Resource.labels:duty]
// function: toxic_duties
// unknown: they hold both sides of a pair, and no source states whether over the same things
// parameters:
//   pairs: {type: list, default: [create-payee+pay, write-code+merge, write-code+deploy, merge+deploy, grant-access+use-access, write-record+erase-audit], meaning: "Duties that do not go together, by their names in labels duty=<name>"}
// traps:
//   - Duties over different things do not meet
//   - Reading what a duty is about is no duty
//   - One side approved call by call, to the letter
// columns:
//   pair: Which duties
//   over: Of which system or tenant
//   by: What gives them
