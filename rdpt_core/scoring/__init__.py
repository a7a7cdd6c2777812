"""Scoring: token logprobs of traces under each model, and what they sum to for each sentence.

    pipeline       the whole of `score`, in the order in which it happens
    request        what the user decides about a run
    models         references, loading, devices, tokenizers, templates
    engine         logprobs from a causal model: torch and nothing else
    backends       where logprobs come from: a local model, a server, a recording
    jobs           a role of a run, batch by batch, into the store
    local_context  each sentence with only a few before it in view
    importance     the answer without each sentence before it
    variants       controls made of the models of the triple
    adding         further models to a finished run
    resplit        a scored run under another splitter
    known_writers  text that teacher and student of a run write themselves
    training       a model in training, checkpoint by checkpoint
    benchmark      how fast all this is on this machine
    concurrency    threads that keep order and lose no error

torch and transformers are imported when a model is asked for.
"""
