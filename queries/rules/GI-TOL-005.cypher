// id: GI-TOL-005
// title: Server without authentication, or that passes tokens through
// finding: "{subject} does not know who calls: {reason}"
// severity: high
// base: 7
// modifiers: [M1, M2]
// why: >
//   Whoever reaches the address can call its tools; and a server that passes its callers' tokens on turns each of them into a key for
//   everything behind it.
// remediation: >
//   Make it a resource server that checks tokens and their audience, with a token of its own for what lies behind it.
// frameworks: ["MCP07:2025", ASI07, "NHI4:2025", T16, PR.AA-03, ZT-6, AML.T0132, C10, "protocols/MCP/*"]
// needs: [ToolServer.auth|ToolServer.url]
// function: open_server
// unknown: no source states how their callers prove who they are
// traps:
//   - Bound to the loopback address, it is reached from the host alone, if it checks against DNS rebinding
//   - A point that enforces in front of it, on every way to it
//   - Over standard input its caller is whoever started it
//   - A server that is switched off
// columns: {reason: Why it does not know, agents: Agents that connect to it}
