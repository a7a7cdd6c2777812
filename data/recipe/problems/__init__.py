"""Problems with gold answers.

tasks      the five benchmarks: chains of sums whose answers can be checked
questions  how a problem is put into words
grade      is an answer right
"""
