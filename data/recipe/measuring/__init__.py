"""What was built, in numbers.

measurement  accuracy and labels, from the files alone
tables       the same, as Markdown tables
worded       rows that describe the benchmarks, origins and models
card         the README files beside the data and in the model folders, from the texts in `cards/`
"""
