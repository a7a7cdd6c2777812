"""What the models are trained on, and how it is found again in what they write.

pools      the sentences that a trace is made of, each with its planted origin
documents  whole training documents from the pools
planted    the pools' sentences in a sampled trace
"""
