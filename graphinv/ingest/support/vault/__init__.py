"""HashiCorp Vault (and OpenBao): policies, the paths that they speak of, and what is configured at a path.

paths, hcl, lists        one id for a secret however it is spelled, policies as text, lists as Vault takes them
entries, stated, clouds  what is configured at a path, where that stands, and what credentials made for clouds may do
scripts                  shell scripts that configure a Vault
objects, config_operator objects of Kubernetes: of Vault's own operator, and of another that configures it
issued                   tokens and leases that were looked up
"""
