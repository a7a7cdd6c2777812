"""Where token logprobs come from; what stands downstream does not know which backend answered.

base      the interface, and the local model behind it
factory   the models of a run to one backend for each role
served    a model behind a server
recorded  logprobs that another program wrote down
"""
