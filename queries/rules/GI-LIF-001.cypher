// id: GI-LIF-001
// title: Agent out of service with live access
// finding: "{subject} is {status} and {how} {target}"
// severity: high
// base: 7
// modifiers: [M1, M2]
// why: >
//   Nobody watches an agent that is out of service; whoever finds what it left behind has its access and is not missed.
// remediation: >
//   Revoke the secret, disable or delete the identity, and close the edges with the day on which it was taken out of service.
// frameworks: ["NHI1:2025", "NHI7:2025", GOVERN 1.7, MANAGE 2.4, ASI10, ID.AM-08, PR.AA-01, CIS-6.2, IAM-03, AML.T0012]
// needs: [Agent.status|Workflow.status, HOLDS|RUNS_AS]
// function: left_behind
// traps:
//   - Its secret went to a successor, and only the old edge was not closed
//   - An identity that is kept disabled, as the law may ask
//   - What servers, tools and runtimes hold that others in service use as well was not left behind
// columns:
//   status: State of its life cycle
//   how: "What it still has, and by which server, tool or runtime of its own"
//   successors: "Agents in service that hold the same secret; where they are many, the first hundred"
//   last_used: When the secret was last used
