"""The gaps between the models, of all sentences at once.

gap_arrays    the gaps of every sentence, in memory; labels and counts from them
exact_counts  counts from those gaps, exact in double precision
gap_plane     every sentence as a point
"""
