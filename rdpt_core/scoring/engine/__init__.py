"""Token logprobs from a causal language model, batch-invariant: packed rows, shared prompts, a tiled head.

kernel             one pass: token ids in, logprobs out
batching           which traces share a pass
packing            token sequences to one packed row
branches           continuations of one sequence that end in the same answer, each from where it leaves it
lanes              blocks of rows through the whole model side by side, meeting in attention
attention          what a model calls for its attention over a pack
attention_kernels  attention within one segment, in pieces
linear             matrix products in constant blocks of rows
head               logprobs without a whole row of logits
block_pool         pieces side by side on CPU cores
processor          which kernels run on which processor
memory             how many rows fit
rotation           positions that turn with the length of a trace
obstacles          why a model is not scored in packs, in words
probe              what a model can do, found out once before its first trace
"""
