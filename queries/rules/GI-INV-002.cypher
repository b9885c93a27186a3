// id: GI-INV-002
// title: Shadow agent or server
// finding: "{subject} was seen at work and nobody declares it"
// severity: medium
// base: 6
// modifiers: [M2, M4, M6]
// why: >
//   Nobody reviewed it, owns it or will switch it off, and it does things all the same.
// remediation: >
//   Register it with an owner, or remove it; until then take away its credential.
// frameworks: ["MCP09:2025", GOVERN 1.6, ASI10, ASI04, ID.AM-02, PR.PS-05, CIS-1.2, CIS-2.3, MAESTRO-L7.10, AST09, "agbom/snapshot"]
// needs: [Agent|ToolServer, "USES.evidence:observed|CONNECTS_TO.evidence:observed|DELEGATES_TO.evidence:observed|PROVIDES.evidence:observed|RUNS_AS.evidence:observed"]
// function: shadow
// unknown: they may be ones that are declared under another id
// parameters:
//   hours: {type: integer, default: 24, meaning: How long the declaration may come after the first sighting}
// traps:
//   - Two agents may say the same name
//   - A trial run in a test environment
//   - One agent under two ids, which run as the same identity
// columns: {seen: When it was first seen, doing: What it was seen to do, twins: Declared ones of the same name}
