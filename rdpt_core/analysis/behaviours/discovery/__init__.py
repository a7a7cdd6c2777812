"""Which kinds carry a label more often than their traces do, with error control.

data        every number about behaviours in a run, from its kinds on
results     what is said of a kind, and of all of them
inputs      labels, controls, probabilities and importance of every sentence
pairs       the kinds that can be tested, with their sentences by question, and the halves of the questions
tallies     what each question adds to each kind under a label
testing     which kinds are found on one half, and found again on the other
chance      how large the largest z of all kinds is by chance
members     means and medians over the sentences of each kind
report      shares, lift and excess with intervals, place, correctness, importance
verdicts    only the teacher's, or preferred by it
examples    sentences that show what a kind is
assembling  arrays as rows
rows        rows as a table for elsewhere
methods     how it was done, in words
"""
