// id: GI-GOV-004
// title: Approval too broad or stale
// finding: "Approval of {target} for {subject} is wider than one act: {reasons}"
// severity: medium
// base: 5
// modifiers: [M1, M3, LACK]
// why: >
//   Somebody said yes to one thing; the same yes now lets other things pass, at other times, or a tool that has changed.
// remediation: >
//   Approve exactly one call with its parameters, for hours, and let each approval end when the tool, the agent or the policy changes.
// frameworks: [ASI03, ASI09, PR.AA-05, ID.RA-07, ZT-3, C9, CIS-6.1]
// needs: [USES.approved|CONNECTS_TO.approved, Tool.effects]
// function: broad_approval
// unknown: no source states what the tools do
// parameters:
//   hours: {type: integer, default: 24, meaning: For how many hours an approval may hold}
// traps:
//   - A window of change that was approved, with its end
//   - A job that recurs and was approved as such, with an end
//   - What can be undone may be approved for longer
// columns:
//   reasons: What is wrong with it
//   approved_by: Who approved it
