"""Terraform: its language, what it evaluates to without a provider, and what resources of providers say."""
