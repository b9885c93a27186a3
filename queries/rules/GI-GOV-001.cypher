// id: GI-GOV-001
// title: Path without an enforcement point
// finding: "{subject} reaches {target}{counts} with no decision in the way"
// severity: high
// base: 7
// modifiers: [M1, M2, M3, M4, M6, LACK]
// why: >
//   Nothing on this path decides at run time: whatever makes the agent ask for it, gets it.
// remediation: >
//   Put an enforcement point on the hop that most such paths share, and make it decide for each agent.
// frameworks: [ZT-6, ZT-4, ASI02, ASI03, PR.AA-05, AIS-11, IAM-16, MAESTRO-L3.06, C9, "MCP07:2025", MEASURE 2.7, "steps/toolCallRequest"]
// needs: [Agent, CAN_ACCESS]
// function: ungoverned_path
// parameters:
//   most: {type: integer, default: 25, meaning: "Up to how many targets of one agent are findings of their own; more are counted in one"}
//   searches: {type: integer, default: 500, meaning: "For how many targets at most, the weightiest first, ways are searched; what is left is counted"}
//   telemetry: {type: list, default: [log_group, log-group, logs, log, metrics, telemetry, xray, cloudwatch, langsmith, langfuse], meaning: "Types of what takes in logs and traces, and providers of it, which whatever runs may write to"}
//   models: {type: list, default: [bedrock, model, foundation_model], meaning: "Types of models, which an agent may ask"}
// traps:
//   - Enforcement inside the target, as by row-level security, counts like any other
//   - A gateway that only some of the ways go through stops none of what goes around it
//   - Writing logs and traces, as whatever runs does, and asking a model, where nothing sensitive is said of them; that such a
//     provider's things are confidential is a guess of ours about all of them
// columns:
//   actions: What it can do there
//   bypassed: Enforcement points that the path goes around
//   targets: "How many targets there are, where they are counted in one finding"
//   counts: "How many of each sensitivity, where they are counted in one finding"
//   examples: "Some of the sensitive ones, where they are counted in one finding"
