"""How much the answer depends on each sentence, by whose the sentence is.

kinds       equation, check, plan or other, by what a sentence says
drops       what is stored of every sentence before an answer
sample      the sentences in scope with all that they are grouped by
medians     medians, and those of redrawn questions
summaries   median, share and mean of groups, with intervals
contrasts   one label minus another, as they are and at equal kind and position
ranked      the sentences that matter most
histograms  how the drops of a group are distributed
columns     columns for exports, and numbers for the reader
data        everything of a run, kept
"""
