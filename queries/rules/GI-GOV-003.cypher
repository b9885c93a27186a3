// id: GI-GOV-003
// title: No human approval on a destructive tool
// finding: "{subject} may destroy with {target}: {reason}"
// severity: high
// base: 7
// modifiers: [M1, M2, M4, LACK]
// why: >
//   What cannot be undone is done at the speed of the agent, and the first person to hear of it is whoever it was done to.
// remediation: >
//   Have each such call approved for exactly its parameters, once, for a short time.
// frameworks: [ASI09, ASI02, "LLM03:2026", AML.M0029, AML.T0101, MAP 3.5, GOVERN 3.2, AIA-Art.14, T10, C9, "steps/toolCallRequest"]
// needs: [Tool.effects, USES|CONNECTS_TO]
// function: nobody_asked
// unknown: no source states how much they do without asking, what the tools do, or whether a point on the way asks
// parameters:
//   per_day: {type: integer, default: 20, meaning: More approvals in a day than anybody reads}
// traps:
//   - What only the client asks is not asked in a run without a screen, and counts half
//   - Asked too often, a person approves everything; that is worth knowing
//   - A call that was approved to the letter
//   - A tool that an agent calls over a server, and of which somebody speaks by itself, is told once
//   - Of what nobody states what it does, nobody knows that it destroys nothing
// columns:
//   reason: Who is asked, and who is not
//   tools: What destroys
