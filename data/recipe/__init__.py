"""Rebuilds the bundled models and traces from nothing but seeds: ``python -m data.recipe --out data``.

The files, in the order in which the build uses them:

    settings      every number of the recipe
    reproducible  one thread and deterministic kernels
    tasks         the five benchmarks: problems with gold answers
    questions     how a problem is put into words
    pools         the sentences a trace is made of, each with its planted origin
    documents     whole training documents from the pools
    tokenizer     the byte-level BPE tokenizer and its chat template
    models        model shapes, saving and loading model folders
    train         the training loop
    sample        seeded sampling with a key-value cache
    grade         is the answer right
    planted       finds the pools' sentences again in a sampled trace
    traces        graded traces, as canonical JSON Lines
    distill       drawing candidates, choosing among them, fine-tuning the student
    score         sentence probabilities and labels
    measurement   accuracy and labels of what was built
    tables        the same, as Markdown tables
    card          the README files beside the data and in the model folders
    build         all of the above, once, in order
    measure       measures without building: ``python -m data.recipe.measure --data data``
    select_experiment   does the choice of data matter: ``python -m data.recipe.select_experiment``
    select_table        its table, with paired intervals
    progress      one line at a time on standard error
"""
