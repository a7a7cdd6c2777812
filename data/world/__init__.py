"""The recipe of the next bundled world, made from nothing but seeds: several teachers, a decoy, a mixture, checkpoints.

The bundled data do not come from it yet: `data/recipe` made them, and this recipe is untried at full size.

    python -m data.world --out FOLDER

settings      every number of the recipe
problems      the nine benchmarks, their questions and their grading
corpus        training documents made of sentences with a planted origin
models        tokenizer, training, sampling and scoring
traces        graded traces, as canonical JSON Lines
shares        how much of a training set comes from whom
measuring     accuracy and labels of what was built, as tables and cards
building      all of the above, once, in stages
measure       measures without building: `python -m data.world.measure --data FOLDER`
reproducible  one thread and deterministic kernels
progress      one line at a time on standard error
"""
