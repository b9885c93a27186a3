// id: GI-TOL-007
// title: Dependency out of date or vulnerable
// finding: "{subject}: {reason}"
// severity: low
// base: 2
// modifiers: []
// why: >
//   What is known to be broken, or mended by nobody, is the first thing that is tried.
// remediation: >
//   Bring it up to date, keep it apart, or state why it is not affected (VEX).
// frameworks:
//   [ASI04, "MCP04:2025", T17, AML.T0010.001, PR.PS-02, ID.RA-01, CIS-2.2, CIS-16.5, "LLM04:2026", AML.M0016, C6, CIS-2.1, CIS-16.4,
//    MAESTRO-L3.01]
// needs: [DEPENDS_ON, Package.vulnerabilities|Package.eol_at|Package.latest]
// function: stale_dependency
// unknown: their versions cannot be compared, or there is a newer one and no source states when theirs was published
// parameters:
//   minor: {type: integer, default: 2, meaning: How many minor versions behind are well}
//   days: {type: integer, default: 180, meaning: How old it may be where there is a newer version}
// traps:
//   - A build that is patched, or not affected, as somebody stated
//   - Code that nothing in service loads
//   - Versions of forks cannot be compared
//   - An old version is well where there is none newer
// columns:
//   reason: What is wrong with it
//   vulnerabilities: Some of the known ones
//   users: What depends on it
