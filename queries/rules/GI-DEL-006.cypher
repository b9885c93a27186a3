// id: GI-DEL-006
// title: Actor chain lost
// finding: "after {target} nobody can tell who asked {subject}: {reason}"
// severity: medium
// base: 5
// modifiers: [M1]
// why: >
//   Whoever decides, and whoever looks into it afterwards, sees only the last name: the agent that began it is neither held back nor found.
// remediation: >
//   Delegate by token exchange that names each actor (RFC 8693) instead of passing credentials on; inside one trust domain, by
//   transaction tokens.
// frameworks: [T8, ASI09, ASI07, "NHI10:2025", MAESTRO-L7.08, PR.PS-04, A.6.2.8, AIA-Art.12, MEASURE 2.8]
// needs: [DELEGATES_TO.mode]
// function: lost_actor
// unknown: no source states how they hand over
// traps:
//   - A chain that only traces show helps to look into it afterwards, not to decide
//   - A hand-over on behalf of the caller names the actor, and who asks itself is known to itself
// columns:
//   reason: How the name is lost
