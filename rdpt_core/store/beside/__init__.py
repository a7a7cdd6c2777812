"""What people add to a database, in a file beside it.

sidecar   the SQLite file
notes     notes and tags on traces and sentences
basket    candidates that a reader has chosen
patterns  sentences of one kind, kept by name
"""
