"""Patterns: sentences of one kind, kept by name, against all others.

page  draws it
"""
