// id: GI-PRV-002
// title: Administrator permission
// finding: "{subject} administers {what}"
// severity: high
// base: 7
// modifiers: [M1, M2]
// why: >
//   Who may administer a thing may do everything to it, and let others do so: there is no smaller accident than the largest.
// remediation: >
//   List the actions that are needed; put administrators' tools into an agent of their own, behind approval.
// frameworks: ["NHI5:2025", ASI03, T3, "LLM03:2026", CIS-5.4, PR.AA-05, AML.M0026, C5]
// needs: [Agent, CAN_ACCESS.actions]
// function: administrator
// parameters:
//   scopes: {type: list, default: [account, organization, organization_unit, folder, project, subscription, resource_group, management_group, tenant, cluster, namespace, workspace], meaning: Types of what stands for everything in it; those are GI-PRV-001's}
// traps:
//   - All actions on one thing of little worth are no more than that thing
//   - A condition that nobody evaluates makes it an upper bound
//   - A whole scope is told by GI-PRV-001, once
// columns:
//   what: What it administers, or how much
//   grants: How many things it administers
//   examples: Some of them
//   agents: Agents that come by it, the nearest
