"""AWS as several formats speak of it: names (:mod:`.arns`), policy documents, what their actions do."""
