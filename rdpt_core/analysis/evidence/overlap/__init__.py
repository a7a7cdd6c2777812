"""Which sentences of a run stand in its training texts."""
