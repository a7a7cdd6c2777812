"""Patterns: sentences of one kind, kept by name, against all others.

page      draws it: all patterns, or the one of the address
address   which pattern the address means
saved     the list of patterns that are kept, and some to begin with
one       one pattern: its sections
compared  one pattern beside another
figures   a label in groups of traces, places in the trace, neighbours
tables    the numbers behind the figures
"""
