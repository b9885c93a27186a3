// id: GI-INV-005
// title: Blind spot
// finding: "Little is known of {what}: only {known}"
// severity: medium
// base: 4
// modifiers: []
// why: >
//   An agent of which nothing is known looks clean. What its owner, secrets, access, tools and runtime are has to be known first.
// remediation: >
//   Scan the source that tells them, or mend the connector; give coverage as a number beside every score.
// frameworks: [ID.AM-02, DE.CM-09, MEASURE 1.1, MEASURE 3.2, ZT-7, "MCP08:2025", A.4.2]
// needs: [Agent]
// function: blind_spot
// parameters:
//   least: {type: integer, default: 2, meaning: "How many of owner, secrets, access, tools and runtime have to be known"}
//   several: {type: integer, default: 3, meaning: "How many blind spots of one root are one finding, of the root"}
// traps:
//   - A runtime or a server that stands between an agent and its secrets and access
//   - "A tree of code that tells nothing but agents: one finding of the root, not one of each agent, but for those in production"
//   - An agent that only tests make
// columns: {what: Of whom, known: What is known of it, missing: What is not, agents: "Agents of the root, where it is about a root"}
