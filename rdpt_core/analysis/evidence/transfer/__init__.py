"""How far the teacher reaches where it did not teach.

levels     which groups of traces the training data had: seen, half seen, unseen, and who says so
reached    which sentences count as the teacher's reach
reach      reach in groups and levels, beside a control and the student's own text, with intervals
trend      whether reach falls with the level: a permutation test
copied     reach in copied, template and new sentences
accuracy   correct answers by group, beside the student's own
scale      how widely the models' gaps spread in each group, and labels with that taken out
data       every number of the page Transfer
rows       its tables for exports
"""
