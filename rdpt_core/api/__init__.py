"""What `import rdpt_core as rdpt` offers. The commands stand on the same functions and only parse and print.

Writing:

    scoring       `score`: traces under a triple of models, into a database
    writing       more from a scored run, and a model while it trains
    importing     `import_traces`, `validate`: traces before any model
    selecting     `select`: training data among candidates
    models        the models that the arguments name
    arguments     what all of them ask of their arguments
    outputs       what they may write over
    results       what they return

Reading:

    database      `open`: the runs of a file
    scored_run    one run as tables
    scored_trace  one trace, as tables and in a notebook
    run_patterns  sentences of one kind in a run
    choices       rule and filters as keyword arguments

Each argument has the name of its flag: `--too-long` is `too_long`. Nothing here needs streamlit; torch and transformers
are imported when a model is loaded.
"""
