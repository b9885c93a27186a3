// id: GI-PRV-001
// title: Over-broad inherited grant
// finding: "{subject} {what}"
// severity: medium
// base: 5
// modifiers: [M1, M2, M3, LACK]
// why: >
//   The grant was made for many and fits none: an agent that comes by it can do what it never needed, on things it does not know of.
// remediation: >
//   Cut it once, where it comes from; bound it by a permission boundary; grant what is rarely needed only while it is needed.
// frameworks: ["NHI5:2025", ASI03, ASI02, T3, "MCP02:2025", "LLM03:2026", PR.AA-05, AIS-11, IAM-19, AML.M0026, CIS-3.3, CIS-6.8, C5]
// needs: [Agent, CAN_ACCESS]
// function: broad_grant
// unknown: nobody says how much of the grants is used, and they are few or new
// parameters:
//   days: {type: integer, default: 90, meaning: Within how many days a grant must have been used to count as used}
//   unused: {type: number, default: 0.5, meaning: Share of inherited grants that may be unused}
//   wide: {type: integer, default: 5, meaning: How many grants of unknown use by one policy or role of a provider are judged broad; an administrator's always are}
//   young: {type: integer, default: 30, meaning: For how many days after it was given a grant of unknown use is not judged}
//   scopes:
//     type: list
//     default: [account, subscription, project, organization, organisation, folder, management_group, cluster, workspace, tenant, scope]
//     meaning: Types of resources that stand for everything in them
// traps:
//   - Grants of a young agent, of which nobody can know yet what it uses
//   - Rare and needed actions among those in daily use
//   - Denials and boundaries that no source states, so that a grant under a condition is an upper bound
//   - What comes from a blueprint without anybody's new consent has the blueprint as its cause
// columns:
//   what: The grant in words
//   actions: What it allows
//   inherited_from: Id of the role, group or blueprint it comes from
//   granted: Some of what it opens
//   grants: How many grants it comes to
//   agents: Agents that come by it
