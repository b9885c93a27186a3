"""Azure's templates: ARM templates in JSON and Bicep, as one language."""
