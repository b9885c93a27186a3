"""CloudFormation, SAM and what the CDK writes: templates, their functions, and their resources in Terraform's words."""
