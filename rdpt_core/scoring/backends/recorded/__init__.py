"""The backend `recorded`: logprobs that another program wrote down, brought to the traces by their text.

    backend      what the pipeline sees
    library      all recordings of a role's files, and which of them may hold a trace
    forms        what programs write, one module a program
    streams      replies that came in parts
    requests     what the requests beside recordings say of how they were sampled
    rows         our own form, one row a token
    recording    one stream of recorded tokens, in arrays
    spelling     from recorded tokens to the bytes that they stand for
    alignment    from bytes to characters of the response
    matching     which recording holds a trace, and what of its tokens counts
    judgement    whether the numbers may be used, and as what
    soundness    what the numbers themselves prove
    stated       what records say of how they were sampled
    temperature  logprobs taken at another temperature, brought back to 1

Our own form is JSON Lines (or CSV, Parquet) with one row a token, as `export --what tokens` writes it:

    {"trace_id": "t1", "role": "teacher", "token_index": 0, "token_id": 415, "char_start": 0, "char_end": 4,
     "logprob": -0.25}

`trace_id` and `logprob` (null where there is none) are needed, and `char_start` with `char_end`, or `token` (the text
of the token), or `token_id` with the setting `tokenizer`. Rows of another `role` are passed over; rows without one are
for any. `token_index` is checked where it is given. Columns that say how the text was sampled, such as `temperature`,
are read from the first row of a trace; others are ignored.
"""
