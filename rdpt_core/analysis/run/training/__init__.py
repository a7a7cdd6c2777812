"""What training did and when: labels and probabilities at each of its checkpoints.

points   the times of a training at which its model was scored
paths    each sentence's label at every one of them
curves   label shares and mean probabilities by step
turns    when sentences came to the label that they kept
changed  the sentences that changed most, and those behind a number
"""
