"""Canonical JSON Lines, the one form of traces that scoring takes.

reader       a stream of traces from files
schema       the fields of a line and their checks, in both directions
strict_json  JSON that refuses whatever would be altered
line_errors  why a line is no trace
rejects      where rejected lines go
sentence_tags  tags that others gave to stretches of a response
pipes        pipes, which can be read only once
"""
