// id: GI-GOV-002
// title: Enforcement point not enforcing
// finding: "{subject} cannot be relied on: {reason}"
// severity: medium
// base: 6
// modifiers: [M1, M2, LACK]
// why: >
//   On the drawing there is a decision; when it matters there is none.
// remediation: >
//   Let it enforce, and fail closed for whatever is worse than reading; test it with a request that it has to deny.
// frameworks: [ZT-6, ASI08, PR.AA-05, DE.CM-09, MAESTRO-L6.02, C9]
// needs: [EnforcementPoint]
// clear_needs: [EnforcementPoint.mode, EnforcementPoint.last_heartbeat]
// function: idle_point
// unknown: no source states whether they enforce, what happens when they cannot be asked, or when they were last heard of
// parameters:
//   hours: {type: integer, default: 24, meaning: After how many hours without a sign of life it counts as silent}
// traps:
//   - A time of watching that was planned, and has an end
//   - The agent control standard lets pass by specification where nobody says otherwise
//   - A point before nothing that matters
//   - A point of which only its decisions are heard (label `heard=decisions`), and that nobody went past since
//   - What it is known to refuse each time (label `always=deny`), which is a part of it
// columns:
//   reason: Why it does not hold
//   edges: On how many edges it stands
