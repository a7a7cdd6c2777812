"""The database as pages see it: every answer cached under the file's identity.

cache           the file, opened for a moment, and cached answers
run_data        the parts of a run that statistics start from
threshold_data  what the thresholds page counts
trace_data      what only the reader asks for
"""
