"""Google Cloud: names of things, and what permissions and roles let somebody do."""
