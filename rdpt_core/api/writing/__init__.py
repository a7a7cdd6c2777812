"""What changes a scored run, and what follows a training.

adding       `add`: further models to a scored run
rescoring    `resplit`, `score_local`: more from a scored run
calibrating  `calibrate`: text whose writer is known, to correct label shares
importance   `importance`: how much the answers of a run depend on each sentence
overlap      `overlap`: which sentences of a run stand in training texts
callback     `ProvenanceCallback`: a model while it trains
trackers     a line to the tracker of a training
"""
