// id: GI-TOL-008
// title: Tool name shadowing
// finding: "{subject} looks like {target} {whose}, and nobody approved it"
// severity: medium
// base: 5
// modifiers: [M2, M4]
// why: >
//   The agent picks tools by name. One that looks like another gets its calls, and with them what was meant for the other.
// remediation: >
//   Put a prefix of the server before each name, and deny the twin that is not approved.
// frameworks: ["MCP03:2025", ASI04, AML.T0074, AML.T0111, MAESTRO-L7.10]
// needs: [PROVIDES, CONNECTS_TO]
// clear_needs: [CONNECTS_TO.approved|USES.approved|Tool.approved_digest]
// function: shadowed_name
// unknown: another server, or the agent itself, offers the same name, and no source states which of them are approved
// traps:
//   - A gateway that puts the server before each name
//   - Two approved regions of one server
//   - Servers that no agent reaches together
//   - Short names are one letter apart by chance
//   - One tool that two servers offer, tools of the agent itself alone, and a tool whose server is switched off
// columns:
//   whose: Who offers what it looks like
//   servers: Servers that offer them
//   agents: Agents that reach both
