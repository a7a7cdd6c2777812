"""Scoring a model while it trains.

live       logprobs under the weights of a model in training, which goes on as if nothing had happened
untouched  a model, and the random numbers of its process, as they were before
waiting    the folder where results wait until the training ends
finishing  from that folder to a run
"""
