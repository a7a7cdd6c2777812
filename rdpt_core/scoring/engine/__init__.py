"""Token logprobs from a causal language model, batch-invariant: packed rows, shared prompts, a tiled head.

kernel      one pass: token ids in, logprobs out
batching    which traces share a pass
packing     token sequences to one packed row
attention   causal attention over packed rows
linear      matrix products in constant blocks of rows
head        logprobs without a whole row of logits
block_pool  blocks of rows side by side on CPU cores
memory      how many rows fit
probe       what a model can do, measured once before its first trace
"""
