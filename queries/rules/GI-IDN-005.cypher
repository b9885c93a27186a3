// id: GI-IDN-005
// title: One identity in two environments
// finding: "{subject} is used in {environments}"
// severity: medium
// base: 6
// why: >
//   Who takes over the weaker environment has this identity, and with it what it may do in the other.
// remediation: >
//   Use one identity for each environment, and let the policy that trusts it name the environment.
// frameworks: ["NHI8:2025", "NHI9:2025", ASI08, PR.AA-05, PR.IR-01, MAESTRO-L4.06, C9]
// needs: [RUNS_AS, Agent.environment|Runtime.environment|Identity.environment|ToolServer.environment|Tool.environment|Workflow.environment]
// function: several_environments
// traps:
//   - The identity of a deployment job crosses environments by design, which somebody has to approve (label `cross_environment=approved`)
//   - A monitoring account that only reads elsewhere
//   - An environment that only a name suggests (label `environment_from`) is a guess
// columns:
//   environments: Where it is used or what it can act on
//   users: What runs as it
//   acts: "What it may do to things of another environment; `unknown` where nobody states it"
