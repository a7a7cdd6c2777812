"""How far sentences stand in training texts: word for word, in other numbers and names, or in part.

words     texts to sentences and words, with a hash of each word
stretches stretches of words that two texts share, by hashes of them
training  training texts, read once and indexed
likest    which of some training sentences is most like a sentence
lookup    sentences of a run looked up in the index
"""
