"""HashiCorp Vault (and OpenBao): policies, the paths that they speak of, and what is configured at a path."""
