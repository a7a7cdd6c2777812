"""What is stored beside probabilities: importance of sentences, and runs whose writer is known.

importance     how much less likely an answer is without each sentence
overlap        how far sentences stand in training texts
known_writers  which model wrote all responses of a run, and which run that calibrates
"""
