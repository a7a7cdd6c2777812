"""Statistics with the question as the unit: nothing here knows a database or a label.

resampling   how often each question is drawn
intervals    intervals for shares
auc          AUC within groups
logistic     logistic regression, cluster-robust
holm         several p-values at once
methods      every method by name, with its source
permutation  permutation tests within questions
parallel     threads for work on arrays
unimodality  whether a density has more than one hump
"""
