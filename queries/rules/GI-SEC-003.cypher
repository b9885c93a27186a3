// id: GI-SEC-003
// title: Ephemeral access that became standing
// finding: "Access of {subject} that was meant to be short has become standing: {reasons}"
// severity: medium
// base: 6
// modifiers: [M1, M2]
// why: >
//   Each renewal was small and none was decided anew, so that access granted for a task is now there all the time, unreviewed.
// remediation: >
//   Set an absolute maximum life, decide anew at each renewal against an open task, and end the chain when the task is closed.
// frameworks: ["NHI7:2025", "MCP02:2025", ASI03, PR.AA-05, ZT-3, ZT-6, MANAGE 2.4, C9]
// needs: [Secret, DERIVED_FROM|Secret.renewable]
// function: became_standing
// unknown: no source states when the secret was issued and when it expires
// parameters:
//   renewals: {type: integer, default: 12, meaning: How many renewals make access standing}
//   days: {type: integer, default: 30, meaning: How many days back coverage is looked at}
//   coverage: {type: number, default: 0.8, meaning: Share of those days that makes access standing}
// traps:
//   - A long job whose task is open and whose token can be revoked is legitimate; it is worth knowing and no more
//   - An agent that is meant to be always on is standing access all the same
//   - One token for each request, each for a task of its own, is decided anew every time
// columns:
//   reasons: Why it counts as standing
//   renewals: How often it was renewed
//   chain: How many secrets the chain has
//   open_until: "Until when its task is open, where it is"
