"""Which recording holds a trace, and what of its tokens counts.

texts       recordings by their visible text, however it was written down
seams       the marks of thinking and of turns in a text, and what of them two texts share
merged      tokens of which llama.cpp kept only the last one's logprob
fitting     one recording laid over one response: its tokens, and what is in doubt
agreement   which of several recordings of one response is used
"""
