"""What stands before a response under each model.

chat_template    a model's template, rendered in a process of its own
template_worker  that process
seam             where a prompt ends and a response begins
tool_calls       conversations with tool calls, in the shape that a template shows
families         whose marks of thinking a model knows
templates        how a role sees the question
notes            what a user should know of the prompts that a template makes
"""
