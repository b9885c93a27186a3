// id: GI-IDN-003
// title: Agent acts as a person, or a person as an agent
// finding: "{subject} {how}"
// severity: medium
// base: 6
// modifiers: [M1, M2]
// why: >
//   What the agent does looks like the person's doing, with everything that person may do; nobody can tell afterwards who it was.
// remediation: >
//   Give the agent an identity of its own, and let it act for people by a token that names both (on behalf of, token exchange).
// frameworks: ["NHI10:2025", ASI03, T9, PR.AA-01, MAESTRO-L7.08, C9]
// needs: [Agent, Identity.type, RUNS_AS|AUTHENTICATES_AS]
// function: acts_as_person
// traps:
//   - A token that names the person and the agent (label `act=…`) is delegation as it should be
//   - A coding agent on its developer's machine runs as the developer by design, told once for each person
//   - A person whose account is switched off
// columns: {how: Who acts as whom, agents: Agents that act as the person, by_design: Whether they run on the person's own machine}
