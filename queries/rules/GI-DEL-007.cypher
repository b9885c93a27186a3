// id: GI-DEL-007
// title: Transient access that nobody declared
// finding: "{subject} reached {target}{counts} for a moment, over what nobody declared"
// severity: medium
// base: 6
// modifiers: [M1, M2, M3, M4, M5]
// why: >
//   A sub-agent, a call-back or a step that exists only while a call runs is in no inventory: no scan sees it, no review weighs it.
// remediation: >
//   Declare it, or stop it; subscribe to the events that tell when a sub-agent starts, instead of scanning.
// frameworks: [ASI03, ASI10, AML.T0103, DE.CM-09, MAESTRO-L7.01, MEASURE 3.1, C9, "steps/subagentStart"]
// needs: ["DELEGATES_TO.evidence:observed|CALLS_BACK.evidence:observed|USES.evidence:observed|CONNECTS_TO.evidence:observed", CAN_ACCESS]
// clear_needs: [DELEGATES_TO.transient|CALLS_BACK|Workflow]
// function: transient_access
// parameters:
//   days: {type: integer, default: 30, meaning: How many days back what is over by now still counts}
//   most: {type: integer, default: 25, meaning: "Up to how many targets of one agent are findings of their own; more are counted in one"}
//   searches: {type: integer, default: 500, meaning: "For how many targets at most, the weightiest first, ways are searched; what is left is counted"}
// traps:
//   - Sampled traces make it look rare; how often it was seen lowers nothing
//   - What was seen once where things are tried out weighs less
//   - What is declared as well, or reached another way, is not transient
//   - What stood for a moment is over whenever one looks; what was over long ago is not told
// columns:
//   actions: What it can do there
//   targets: "How many targets there are, where they are counted in one finding"
//   counts: "How many of each sensitivity, where they are counted in one finding"
//   examples: "Some of the sensitive ones, where they are counted in one finding"
