// id: GI-INV-003
// title: Ghost record
// finding: "{subject} is declared and was last seen on {last_seen}"
// severity: low
// base: 2
// modifiers: []
// why: >
//   It is there on paper only, with access that nobody uses and nobody misses.
// remediation: >
//   Retire it, revoke what it holds, and archive its record.
// frameworks: ["NHI1:2025", GOVERN 1.7, ID.AM-08, CIS-5.3, IAM-03]
// needs: [Agent, "USES.evidence:observed|CONNECTS_TO.evidence:observed|DELEGATES_TO.evidence:observed|RUNS_AS.evidence:observed"]
// function: ghost
// unknown: no source that was read lately would have seen them
// parameters:
//   days: {type: integer, default: 60, meaning: After how many days without a sign of life a record is a ghost}
//   covered: {type: integer, default: 7, meaning: How many days ago the source that saw it must have seen something at least}
// traps:
//   - A job of a season, or one for emergencies (label `dormant_ok=DATE`), until that date
//   - "Traces are samples: as sure as the sightings are"
//   - Where nothing was read lately, nothing was seen
//   - What is only proposed, and what nobody declares
// columns: {last_seen: When it was last seen, secrets: Secrets that it still holds}
