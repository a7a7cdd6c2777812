"""Statistics with the question as the unit: nothing here knows a database or a label.

resampling   how often each question is drawn
intervals    intervals for shares
clustered    ratios and tests of very many groups of sentences at once
exact        the same where a bootstrap has nothing to draw, and for differences
bands        bands for whole curves
auc          AUC within groups and within questions
regression   logistic regression in several kinds, and what goes into it
holm         several p-values at once
false_discoveries  very many of them
moderated    one number against a few, with variances that lend strength to each other
permutation  permutation tests within questions
rogan_gladen  a share corrected for how often a label is wrong
unimodality  whether a density has more than one hump
parallel     threads for work on arrays
methods      every method in words, with its source
"""
