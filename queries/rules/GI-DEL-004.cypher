// id: GI-DEL-004
// title: Delegation cycle
// finding: "{subject} can come to ask itself again"
// severity: medium
// base: 5
// modifiers: []
// why: >
//   A request that goes round spends money and rights without end, and each round it may carry more power than the one before.
// remediation: >
//   Break the ring at one edge, or bound it by depth and budget with a circuit breaker.
// frameworks: [ASI08, T4, T5, AML.T0034.002, "LLM06:2026", MAESTRO-L3.05, C9]
// needs: [DELEGATES_TO|CALLS_BACK]
// function: delegation_ring
// traps:
//   - A call-back that only returns data
//   - Edges that never stand at the same time
//   - "One agent and steps of its flow: a model and what runs its tools go round, as they have to"
// columns:
//   agents: Agents of the ring
