"""How fast scoring is on this machine.

bench    the whole of `bench`
measure  speed, memory, share of the machine's limit
"""
