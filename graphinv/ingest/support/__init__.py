"""What several formats share: JSON and YAML with line numbers, secret recognition, MCP server entries. May import model only."""
