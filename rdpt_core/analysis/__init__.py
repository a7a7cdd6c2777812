"""Labels, distributions, intervals, selection: from the store's tables to tables. Never imports streamlit or torch.

schemes        what the roles of a run are compared by, and what their labels are called
labels         the label rule: SQL, numpy and JSON from one definition
which_teacher  the run's own teacher, or a companion in its place
faint          sentences whose label says nothing
questions      which traces answer the same question
sentences      which of them an analysis counts
scope          which traces an analysis looks at
catalog        what a run holds
run            every number about a whole run
attribution    whose sentence it is, among several teachers, the student and none of these
evidence       how much a label proves, and whether the sentence matters
behaviours     kinds of sentences, which of them carry a label, and patterns kept by name
trace          everything about one trace, or two
selection      training data among candidate responses
statistics     intervals, AUC, regression, permutation tests
export         rows, methods paragraphs and run documents for elsewhere
"""
