// id: GI-GOV-005
// title: Decision point cannot tell which agent asks
// finding: "{subject} decides without knowing enough: {reason}"
// severity: medium
// base: 6
// modifiers: [M1, M2, LACK]
// why: >
//   One answer for all: what the most trusted of them may do, each of them may do, and what is decided cannot depend on who asks or why.
// remediation: >
//   Send it the first subject, the agent and the task with each request, for instance by an on-behalf-of claim.
// frameworks: [ZT-4, ASI03, "NHI9:2025", PR.AA-05, IAM-16, MAESTRO-L7.03, C9]
// needs: [EnforcementPoint, EnforcementPoint.distinguishes]
// function: blind_point
// unknown: no source states what they can tell apart, or the identities of those who ask
// traps:
//   - An identity that only one agent has names the agent
//   - A point that only watches decides nothing
//   - "What it is told with a request is judged where somebody states it (labels `input=agent`, `subject`, `task`, `sensitivity`, `environment`)"
// columns:
//   reason: What it sees instead
//   agents: Agents that stand before it
//   identities: Identities that several of them share
