// id: GI-INV-001
// title: Unlabelled agent
// finding: "{who} {missing}"
// severity: low
// base: 3
// modifiers: []
// why: >
//   Without these, no rule can weigh what the agent may do against what it is for, and nobody can sort agents by what matters.
// remediation: >
//   State the labels where the agent is declared, and let no agent without them be deployed.
// frameworks: [GOVERN 1.6, MAP 2.1, MAP 3.3, ID.AM-05, ID.AM-07, A.9.4, CIS-1.1]
// needs: [Agent]
// function: unlabelled
// parameters:
//   required: {type: list, default: [environment, data_class, purpose, criticality, autonomy], meaning: What every agent has to say}
//   several: {type: integer, default: 3, meaning: "How many agents a root has of which what none of them says is told once, of the root"}
// traps:
//   - Labels of the runtime, or of the identity it runs as, that nobody copied to the agent
//   - "Free text: other spellings of a label's name, and values that say nothing, such as `n/a`"
//   - "A tree of code in which nobody labels agents: one finding of the root, not one of each agent, but for one that reaches production"
// columns: {who: Whose labels are missing, missing: Labels it lacks, agents: "Agents of the root, where it is about a root"}
