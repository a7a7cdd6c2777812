"""Sentences of one kind as an object.

pattern    what a pattern is
members    its sentences: their places among all sentences of a run
shapes     everything that is known about a pattern, as values
sums       label counts of its sentences, of all others, and of groups of both, by question
tables     shares of several groups from the same resamples of questions
control    the same run without its teacher
places     where in its trace a pattern stands
beside     what stands before and after it
view       everything about one pattern; its bar of shares
contrast   two patterns
sentences  its sentences with all columns of an export
rows       tables for other programs
listing    its sentences as passages to read; its labels group by group
"""
