"""Commands that add something to a scored run, one file each.

resplit     the run under another splitter
local       each sentence with only the few before it in view
calibrate   text whose writer is known, scored as the run was
importance  the answers without each sentence before them
overlap     which sentences stand in the training texts, word for word or in other numbers and names
"""
