// id: GI-IDN-001
// title: Shared workload identity
// finding: "{subject} is the identity of {parties} agents"
// severity: high
// base: 7
// modifiers: [M2, LACK]
// why: >
//   Whoever checks a request sees the same identity for all of these agents: permissions add up to what any of them needs, no decision can
//   tell them apart, and after an incident nobody can say which of them it was.
// remediation: >
//   Give each agent an identity of its own; until then, put the agent's name into the token and let the enforcement point decide on it.
// frameworks: ["NHI9:2025", ASI03, T9, PR.AA-01, PR.AA-02, ZT-4, MAESTRO-L7.03, C9, IAM-19, C5]
// needs: [Agent, RUNS_AS]
// function: shared_identity
// parameters:
//   agents: {type: integer, default: 2, meaning: How many distinct agents make an identity shared}
// traps:
//   - Replicas of one agent share its identity on purpose; they carry the same label `blueprint=…`
//   - The old and the new version of one agent overlap while it is being replaced
//   - Agents of one blueprint have identities of their own, which are members of the blueprint's
//   - A job id that only the logs see does not tell agents apart where it is decided
//   - Agents that run in one place have its identity, and share the place as well; they count as one
//   - Agents that share an account of a cluster share as well what a cloud knows it as, which is told of the account alone
// columns: {agents: Ids of the agents, parties: "How many distinct ones, replicas and those in one place counted once", owners: Their owners}
