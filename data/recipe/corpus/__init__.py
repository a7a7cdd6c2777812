"""What the models are trained on, and how it is found again in what they write.

origins    whose training data can hold a sentence
slots      what the gaps of a phrasing may hold
pool       several phrasings of one idea
pools      the sentences that responses are made of, a module for each of their origins
manners    how each writer makes a response of them
halves     which half of the others' private phrasings each of the further decoys knows
documents  whole training documents, with drills and stray sentences
planted    the pools' sentences in a sampled trace
"""
