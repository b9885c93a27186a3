// id: GI-GOV-007
// title: Actions without a decision or record
// finding: "{subject}: {what}"
// severity: medium
// base: 5
// modifiers: [M1, M3, LACK]
// why: >
//   What no decision saw and no record holds can be neither stopped nor explained.
// remediation: >
//   Write the id of the decision to each call, into a store that cannot be changed, and keep it long enough.
// frameworks: ["MCP08:2025", T8, PR.PS-04, AML.M0024, A.6.2.8, AIA-Art.12, AIA-Art.19, AIA-Art.26, CIS-8.5, MAESTRO-L7.08, CIS-3.14, C12]
// needs: [Agent, EnforcementPoint, "USES.evidence:observed|DELEGATES_TO.evidence:observed"]
// function: unrecorded
// unknown: no source states whether a point on the way writes down, or for how long the record of an agent of high risk is kept
// parameters:
//   retention: {type: integer, default: 180, meaning: For how many days the record of an agent of high risk is to be kept}
// traps:
//   - A trace is no record; that something was seen in one clears nothing
//   - A point that only watches writes down, without any content
//   - A token that names who acts on whose behalf is itself the record of that delegation
// columns:
//   what: What was not written down
//   examples: Some of it
