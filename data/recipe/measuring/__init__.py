"""What was built, in numbers.

measurement  accuracy and labels, from the files alone
tables       the same, as Markdown tables
card         the README files beside the data and in the model folders, from the texts in `cards/`
"""
