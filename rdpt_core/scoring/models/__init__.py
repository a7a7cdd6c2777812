"""From the name of a model to a loaded model and its tokenizer.

references    a name to files on disk
hashed_files  whether these are still what they were
loading       files to configuration, size and model
devices       which device and dtype
tokenization  prompts as in generation, responses with offsets
templates     how a role sees the question
"""
