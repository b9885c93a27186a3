"""Azure and Entra: names of things, and what roles and permissions let somebody do."""
