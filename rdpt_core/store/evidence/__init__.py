"""What is stored beside probabilities: importance of sentences, and runs whose writer is known.

known_writers  which model wrote all responses of a run, and which run that calibrates
"""
