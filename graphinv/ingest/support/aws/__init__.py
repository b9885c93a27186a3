"""AWS as several formats speak of it.

arns, globs                       names, and patterns of names
policies, written, actions        policy documents, as configuration writes them, and what their actions do
estate, evaluation, access, trust, organisations    all grants of a scan together: what passes, and who may become whom
becoming, escalations             how a principal makes itself more
declared                          resources, whichever language declares them
dumps, trails, calls              answers of the API, and records of CloudTrail
"""
