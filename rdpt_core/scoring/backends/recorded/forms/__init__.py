"""What programs write when they write logprobs down. Each module reads one program's form.

reading     which form a JSON value has, and every stream of tokens that it holds
openai      chat and text completions, with DeepSeek's list for the reasoning
responses   OpenAI's Responses API
vllm        request outputs, dumped
sglang      /generate
tgi         text generation inference
gemini      generateContent
cohere      chat, version 2
together    the prompt, echoed
ollama      /api/generate and /api/chat
llama_cpp   /completion
inspect_ai  samples of Inspect's logs
lists       parallel lists of tokens and logprobs, as data sets have them
sampling    how a text was sampled, as its record says
values      from values of a JSON document to the arrays of a recording
"""
