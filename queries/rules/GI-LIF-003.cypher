// id: GI-LIF-003
// title: Access review overdue
// finding: "The access of {subject} {review}"
// severity: low
// base: 3
// modifiers: []
// why: >
//   What an agent was allowed once it keeps, whether it still needs it or not, until somebody looks.
// remediation: >
//   Decide when access is asked for, by policy; keep the periodic review for owners and labels. A quarterly review alone is not enough.
// frameworks: [GOVERN 1.5, PR.AA-05, CIS-5.5, ID.RA-07, A.9.2]
// needs: [Agent.review_due|Agent.labels:reviewed|Identity.labels:reviewed]
// function: review_overdue
// unknown: no source states when their access was or is to be reviewed
// parameters:
//   prod: {type: integer, default: 90, meaning: "How many days a review holds in production, and where the environment is not known"}
//   other: {type: integer, default: 180, meaning: How many days a review holds elsewhere}
// traps:
//   - "A review of the role that the agent runs as, or of a group it is in, (label `reviewed=DATE` of the identity) is one of the agent; not both are asked for"
// columns: {review: What is wrong with its review, due: When it was due, reviewed: When access was last reviewed}
