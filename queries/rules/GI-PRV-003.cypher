// id: GI-PRV-003
// title: Dormant privilege
// finding: "{subject} does not use {what}"
// severity: low
// base: 3
// modifiers: [M1, M2, LACK]
// why: >
//   What is never used is missed by nobody when it is taken away, and by nobody when somebody else uses it.
// remediation: >
//   Take it away, or grant it for the moment it is needed.
// frameworks: ["NHI5:2025", "NHI1:2025", PR.AA-05, CIS-5.3, IAM-03]
// needs: [Agent, CAN_ACCESS.last_used|DELEGATES_TO.first_seen]
// function: dormant_privilege
// unknown: no source states when their grants were last used
// parameters:
//   days: {type: integer, default: 90, meaning: For how long it must not have been used}
// traps:
//   - Where nothing of an identity has a last use, nobody looked
//   - Grants too young to have been unused for long
//   - In some clouds a last use is of a service and not of an action, so a grant that was used may hold an action that was not
//   - Grants that are kept for a disaster (label `dormant_ok=DATE` of what holds them), until that date
// columns:
//   what: What is not used
//   examples: Some of it
