// id: GI-TOL-006
// title: Third-party step on the way to what is sensitive
// finding: "{subject} is run by somebody else and comes to {what}"
// severity: medium
// base: 5
// modifiers: [M2, M4, M5]
// why: >
//   What somebody else runs is secured, watched and changed by somebody else; what it can reach, they and whoever breaks into them can.
// remediation: >
//   Link a record of the supplier, give the vendor an identity of its own with a narrow token, and watch what it does.
// frameworks:
//   ["NHI3:2025", ASI04, GOVERN 6.1, MAP 4.1, MANAGE 3.1, ID.AM-04, GV.SC-07, DE.CM-06, A.10.3, CIS-15.1, MAESTRO-X.01, GV.SC-04,
//    MAESTRO-L7.07]
// needs: [Workflow.third_party|ToolServer.origin]
// function: third_party_step
// traps:
//   - Makers of models are third parties too; they are told where they run a step or a server, not for being asked
//   - A contract that lies outside the graph is linked by a label, and weighs less then
//   - A server that somebody else makes and that comes to nothing of ours, or had a key that has run out
// columns:
//   what: What it comes to
//   vendor: Who runs it
//   agents: Who calls it
//   secrets: Keys of ours that it holds
