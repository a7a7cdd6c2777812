"""What changes a scored run, and what follows a training.

adding      `add`: further models to a scored run
rescoring   `resplit`, `score_local`: more from a scored run
importance  `importance`: how much the answers of a run depend on each sentence
callback    `ProvenanceCallback`: a model while it trains
trackers    a line to the tracker of a training
"""
