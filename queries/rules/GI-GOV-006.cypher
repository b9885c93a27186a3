// id: GI-GOV-006
// title: Runtime verdict contradicts posture
// finding: "{subject} was seen at {where}: {reason}"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3]
// why: >
//   Either the graph is wrong about what can be done, or the decision was: one of the two is trusted wrongly.
// remediation: >
//   Declare it or deny it; where something went on after its end, mend the revocation; where the graph knows no way, read in what shows it.
// frameworks: [MEASURE 2.4, DE.AE-03, ZT-7, ASI10, PR.PS-04, A.6.2.6, MAESTRO-L5.04]
// needs:
//   - "USES.evidence:observed|CONNECTS_TO.evidence:observed|DELEGATES_TO.evidence:observed|CAN_ACCESS.evidence:observed|EnforcementPoint.labels:always"
//   - "EnforcementPoint|CAN_ACCESS.evidence:observed"
// function: contradicted
// parameters:
//   minutes: {type: integer, default: 5, meaning: "For how many minutes a cache of decisions may let pass what has ended"}
// traps:
//   - A cache of decisions, within minutes
//   - What was approved when it happened, though not now
//   - The same access, granted over another way
//   - What is refused now and then, and what nobody declared
// columns:
//   where: Where it was seen
//   reason: What contradicts what
//   points: Enforcement points that let it pass
