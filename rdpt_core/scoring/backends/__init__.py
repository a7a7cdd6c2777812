"""Where token logprobs come from; what stands downstream does not know which backend answered.

base        the interface, and a trace as one model sees it
in_process  a model that transformers loads here
lending     a base model from one role to the next
wire        how servers write logprobs into JSON
served      a model behind a server
recorded    logprobs that another program wrote down
factory     the models of a run to one backend for each role
"""
