"""Choosing training data among candidate responses, before any training: every strategy from one cache of scores.

    candidates    one row a candidate, summed up from the stored sentences in one query
    strategies    the registry: each strategy a pure function from candidates to one score each
    place_free    orders that no sorting of the file can change
    expression    a user's own formula over the same columns, parsed and never evaluated as code
    settings      what a user decides, under the names that command, API and page share
    pick          guards, the best of each question, quotas and budgets
    comparison    strategies compared: overlap, length, correctness, budget
    side_by_side  the same as the page shows it, and the candidates of one question
    training      the chosen responses as training files, with a manifest
    pipeline      the whole of `select`, in the order in which it happens

Only the teacher and the student count here, so a run with a distilled model serves as well as one without. Without a
teacher the strategies remain that look at the student alone.

To add a strategy, ten minutes: write a function in `strategies.py` from `Candidates` to an array of doubles, NaN where
it has no answer, and decorate it with its name, direction, formula and source. Add its formula, written naively, to
`tests/unit/analysis/selection/reference.py`: the tests find it by name. Command, page and manifest know it then.
"""
