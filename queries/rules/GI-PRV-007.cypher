// id: GI-PRV-007
// title: Reach across environments or tenants
// finding: "{subject} reaches {what}"
// severity: high
// base: 7
// modifiers: [M2, M3, M5]
// why: >
//   Agents of development and test are changed quickly and watched little, and what serves several customers fails all of them at once:
//   either way a small mistake becomes a large one.
// remediation: >
//   Give each environment and each tenant identities of its own, and deny by default between them.
// frameworks: ["NHI8:2025", ASI08, PR.IR-01, MAESTRO-L4.06, MAESTRO-X.02, C9]
// needs: [Agent, CAN_ACCESS, Resource.environment|Resource.tenant]
// function: across_environments
// unknown: nobody states in which environment they run, and they reach production
// parameters:
//   most: {type: integer, default: 25, meaning: "Up to how many targets of one agent are findings of their own; more are counted in one"}
//   searches: {type: integer, default: 500, meaning: "For how many targets at most, the weightiest first, ways are searched; what is left is counted"}
//   telemetry: {type: list, default: [metrics, logs, log, telemetry, dashboard], meaning: "Types of resources that may be read from anywhere"}
// traps:
//   - Where the agent's environment is unknown, nothing can be said
//   - Telemetry that is only read
//   - Agents of the platform that were approved to cross
// columns:
//   what: What it reaches
//   actions: What it can do there
//   tenants: Tenants whose things it reaches
//   targets: "How many targets there are, where they are counted in one finding"
//   counts: "How many of each sensitivity, where they are counted in one finding"
//   examples: "Some of the sensitive ones, where they are counted in one finding"
