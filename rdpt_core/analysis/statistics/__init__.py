"""Statistics with the question as the unit: nothing here knows a database or a label.

resampling   how often each question is drawn
intervals    intervals for shares
exact        the same where a bootstrap has nothing to draw, and for differences
bands        bands for whole curves
auc          AUC within groups
logistic     logistic regression, cluster-robust
holm         several p-values at once
methods      every method by name, with its source
permutation  permutation tests within questions
parallel     threads for work on arrays
"""
