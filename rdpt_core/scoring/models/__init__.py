"""From the name of a model to a loaded model and its tokenizer.

references    a name to files on disk
loading       files to configuration, size and model
devices       which device and dtype
tokenization  prompts as in generation, responses with offsets
templates     how a role sees the question

chat_template    a model's template, rendered in a process of its own
template_worker  that process
"""
