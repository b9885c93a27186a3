// id: GI-TOL-001
// title: Unapproved tool path
// finding: "{subject} can call {target}: {approval}"
// severity: medium
// base: 5
// modifiers: [M1, M2, M3, M4, M6, LACK]
// why: >
//   Nobody has looked at what this tool does for this agent, so whatever it can reach was never weighed against what the agent needs.
// remediation: >
//   Approve the tool with its digest and its effects, or take it off the agent's list and block it.
// frameworks: [ASI02, "MCP09:2025", AML.T0053, ID.RA-07, PR.PS-05, CIS-2.5, MAESTRO-L7.04, AIS-11, AML.M0028, MAP 4.2]
// needs: [USES|CONNECTS_TO, USES.approved|CONNECTS_TO.approved]
// function: unapproved
// unknown: no source states whether they are approved, or the definition, environment or data that the approval is for
// traps:
//   - An approval of the server covers a tool only where it listed the tool's digest
//   - Built-in file and shell tools of coding agents are tools too
//   - An approval for one environment, of one definition, or for data up to one class, is none for another
//   - What the settings of the agent's own client let pass nobody else has looked at
//   - A connection that lists no tool at all calls none
// columns:
//   approval: What is wrong with its approval
//   kind: "How it was approved: `client` is the weakest"
//   approved_by: Who approved it
