"""The recipe of the bundled data, made from nothing but seeds: several teachers, decoys, a mixture, checkpoints.

    python -m data.recipe --out FOLDER

settings      every number of the recipe
problems      the nine benchmarks, their questions and their grading
corpus        training documents made of sentences with a planted origin
models        tokenizer, training, sampling and scoring
traces        graded traces, as canonical JSON Lines
shares        how much of a training set comes from whom
measuring     accuracy and labels of what was built, as tables and cards
building      all of the above, once, in stages
measure       measures without building: `python -m data.recipe.measure --data FOLDER`
experiments   what the product shows of the bundled data: selection, Gained, marks
reproducible  one thread and deterministic kernels
progress      one line at a time on standard error
"""
