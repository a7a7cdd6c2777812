"""Importance: how much less likely the answer is when a sentence before it is deleted, or drawn anew.

job         a run's traces, window by window
answer      the sentence that is the answer
cutting     a trace as token ids of its sentences, and what is left without one of them
resampling  sentences that the model draws in the place of others
"""
