"""Rebuilds the bundled models and traces from nothing but seeds: `python -m data.recipe --out data`.

settings           every number of the recipe
problems           the five benchmarks, their questions and their grading
corpus             training documents made of sentences with a planted origin
models             tokenizer, training, sampling and scoring
traces             graded traces, as canonical JSON Lines
distill            drawing candidates, choosing among them, fine-tuning the student
measuring          accuracy and labels of what was built, as tables and cards
build              all of the above, once, in order
measure            measures without building: `python -m data.recipe.measure --data data`
gained             how often a Gained sentence is the teacher's: `python -m data.recipe.gained`
select_experiment  does the choice of data matter: `python -m data.recipe.select_experiment`
select_table       its table, with paired intervals
reproducible       one thread and deterministic kernels
progress           one line at a time on standard error
"""
