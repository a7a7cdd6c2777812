"""Behaviours: kinds of sentences that carry a label more often than their traces do.

page     draws it
choices  what the reader chooses: label, family, standing, order, and one kind to open
summary  what was found, in one sentence, with what that does not say
lenses   the eight lenses: is hesitation the teacher's?
figures  kinds by share of the label, against all others and without the teacher
tables   every tested kind, and the same for export
opened   one kind: its numbers, three sentences, and the ways on
naming   kinds and what was found of them, in words
"""
