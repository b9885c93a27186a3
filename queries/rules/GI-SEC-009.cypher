// id: GI-SEC-009
// title: Dormant secret
// finding: "{subject} {usage}"
// severity: medium
// base: 4
// modifiers: [M1, M2, LACK]
// why: >
//   It opens something, nobody needs it, and nobody would notice that somebody else has begun to use it.
// remediation: >
//   Disable it, wait two weeks for somebody to miss it, then delete it.
// frameworks: ["NHI1:2025", "NHI7:2025", CIS-5.3, PR.AA-01]
// needs: [Secret.last_used]
// function: dormant_secret
// unknown: no source of theirs records when secrets are used, or says when they were made
// parameters:
//   days: {type: integer, default: 90, meaning: After how many days without use a secret is dormant}
// traps:
//   - Where use is not recorded, no secret was ever used
//   - A secret kept for a disaster (label `dormant_ok=DATE`), until that date
//   - A secret that is younger than the period has had no time to be used
// columns: {usage: Since when it was not used, last_used: When it was last used, holders: What holds it}
