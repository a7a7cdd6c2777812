"""What programs write when they write logprobs down. Each module reads one program's form.

reading   which form a JSON value has, and every stream of tokens that it holds
openai    chat and text completions
vllm      request outputs, dumped
sglang    /generate
tgi       text generation inference
sampling  how a text was sampled, as its record says
values    from values of a JSON document to the arrays of a recording
"""
