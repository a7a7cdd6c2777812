"""Logistic regression with traces clustered by question, in the kinds that correctness needs.

splines           smooth curves as predictors
logistic          with an intercept for each benchmark, cluster-robust
conditional       within questions
separation        whether there is a finite estimate
firth             an estimate where there is none
cross_validation  log loss for questions left out
"""
