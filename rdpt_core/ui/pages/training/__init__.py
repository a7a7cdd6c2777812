"""The page Training.

page     the whole page
changed  the sentences that changed most
explain  what to do where a run has no checkpoints
figures  its figures
"""
