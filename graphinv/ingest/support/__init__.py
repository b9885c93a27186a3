"""What several formats share. May import model only.

Reading documents
    jsondoc, yamldoc, tomldoc          JSON, YAML and TOML whose parts know their lines (located), and their texts (leaves)
    syntax_trees                       trees of C#, Go, JavaScript, TypeScript and HCL, within bounds of time and memory
    records, jsonlog, sql              exports of interfaces, logs of JSON objects, SQL as statements
    scripts, words, interpolation      shell scripts, command lines, and what is filled into values
    parts, partial, unions             values of types that nobody vouches for, values with unknown parts, sets that grow together
    native                             facts that others wrote down
Secrets
    secrets, secret_shapes, secret_words   credentials in values, by their shape, by the words around them: never the value
    masked, prose, tellable            texts without their credentials, credentials in prose, what may be shown
    found_secrets, jwt                 what other scanners found, what a token says of itself
    logins, login_trees, cloud_logins  logins that programs keep, and variables by which one logs in to a cloud
Servers and tools
    servers, server_given, offers      a configured MCP server, what it is given; servers that a document offers
    launch, launchers, packages, containers, sandboxes   what a command line starts, and what keeps it from its surroundings
    urls, connectors, mcp_source       hosts of addresses, servers that providers host, servers written in the tree
    tool_schema                        what a tool's definition says
    effects, effect_tables, effect_tables_compiled   what calls do
Agents
    clients, machines, builtins, hooks, prompts   hosts of agents: their folders, built-in tools, hooks and prompts for values
    claude, opencode, goose, adk       what formats of one product share
    agent_files, agent_commands, declared, cards   agents in Markdown, in shell scripts, by name in one document, as A2A cards
    asking                             approvals in code
    compiled, compiled_agents          what Go and C# share
    python, javascript, golang, csharp source of one language
    lowcode, lowcode_services, lowcode_ways   flows of any platform; flowise_graph, n8n_graph, n8n_code, power_platform of one
Continuous integration
    ci                                 runs of coding agents
    github_jobs, github_steps, github_links, github_expressions, github_actions, github_agentic, github_logins, github_server
Who and what, in the names of others
    owners, places, tags, service_catalogue, data_assets   people, environments, labels, catalogues
    oauth, federation, okta, keycloak  clients and identities of providers
    databases, pg_privileges, mysql_tables, snowflake   databases and their privileges
    authz, cedar, openfga, vault       things in the words of authorization systems, and their policies
    aws, azure, gcp, kubernetes        clouds and clusters
    granted, reach, bundled            what grants of all providers have in common, and tables that providers publish
Infrastructure as code
    terraform, cloudformation, arm, helm, docker
What happened
    decisions, decision_inputs, called decisions at run time, what was asked, and things that records call by a name alone
    observed, trail, used, otel        uses counted, audit trails, when grants were last used, traces
    approvals                          approvals that people wrote down
"""
