"""Azure's templates: ARM templates in JSON and Bicep, as one language.

reading, expressions        JSON → :mod:`.ir`
bicep, bicep_expressions    Bicep → :mod:`.ir`
evaluate, functions, things, places    which resources are deployed (:mod:`.verified`: by modules of Azure's own), under which ids
facts, graph                what they say; those of Microsoft Graph
"""
