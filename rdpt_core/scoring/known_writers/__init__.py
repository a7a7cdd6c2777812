"""Text whose writer is known: responses that the teacher, or the student, of a run writes to the run's own questions.

questions  which questions are asked
drawing    one model's responses to them
drawn      the file in which responses wait until they are scored
models     the models of a run, to be used once more
"""
