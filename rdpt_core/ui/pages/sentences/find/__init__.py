"""Find: one text in all sentences, and what its sentences are called beside all others.

page    draws it: what is searched, and the sentences that are found
answer  label shares of the hits beside all other sentences, and the means to take or keep them
"""
