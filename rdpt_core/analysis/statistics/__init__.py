"""Statistics with the question as the unit: nothing here knows a database or a label.

resampling        how often each question is drawn
intervals         intervals for shares
exact             the same where a bootstrap has nothing to draw, and for differences
bands             bands for whole curves
auc               AUC within groups and within questions
splines           smooth curves in a regression
logistic          logistic regression, cluster-robust
conditional       the same within questions
separation        whether a logistic regression has a finite estimate
firth             an estimate where it has none
cross_validation  log loss for questions left out
holm              several p-values at once
permutation       permutation tests within questions
parallel          threads for work on arrays
methods           every method in words, with its source
"""
