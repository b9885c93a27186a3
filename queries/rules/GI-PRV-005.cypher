// id: GI-PRV-005
// title: Agent can change its own limits
// finding: "{subject} can change {what}"
// severity: critical
// base: 9
// modifiers: [M6]
// why: >
//   Whatever holds it back, holds it back as long as it likes: its identity, its policy, the point that decides about it, its approvals or
//   the record of what it did.
// remediation: >
//   Administer agents from elsewhere, deny them their own policy, and have such changes made by two.
// frameworks: [ASI10, ASI03, AML.T0081, T8, PR.AA-05, MAESTRO-L6.03, MAESTRO-X.03, C9]
// needs: [Agent, CAN_ACCESS]
// clear_needs: [Resource.labels|Resource.type]
// function: own_limits
// parameters:
//   stores: {type: list, default: [audit_log, audit-log, policy_store, approval_store, trail, eventdatastore], meaning: Types of resources that limit everybody}
// traps:
//   - Reading its limits changes nothing, nor does starting what has them
//   - Clouds call it writing to start something, so what may be written and started may only be started
//   - An agent that deploys others changes theirs, which is a little less
// columns:
//   what: Whose limits
//   controls: What it can change
