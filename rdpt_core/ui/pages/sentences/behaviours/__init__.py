"""Behaviours: kinds of sentences that carry a label more often than their traces do.

page  draws it
"""
