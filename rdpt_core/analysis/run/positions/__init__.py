"""Labels along the traces: shares at each position, with bands for whole curves, and correct against incorrect ones.

tables  labels at every position of every trace
curves  their shares, and the tables of those
areas   how far the curves of correct traces lie above those of incorrect ones
"""
