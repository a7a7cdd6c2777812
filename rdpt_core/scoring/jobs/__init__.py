"""Running a role of a run: windows of traces through a backend, results into the store.

turns            one model after another, companions last
role_job         one role from its first window to its last
windows          which traces are tokenised and stored together
timing           where the wall time of a role goes
commits          results to rows of the database
sentence_sums    token logprobs to sentences
other_questions  which other question a trace is asked as a control
identity         what names a run
recorded_check   recordings of some traces against the model itself
previews         what the first traces show of prompts and tokens
progress         progress on standard error
unscored_log     why traces could not be scored, in words
distributed      the same job on several workers
"""
