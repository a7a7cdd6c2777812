"""Streamed replies: the parts of each are joined to the reply that would have come whole, and that is read.

reader   the parts as a file has them, of one stream or of several in turn
joining  what every kind of stream has in common
chunks   chat and text completions
events   OpenAI's Responses API
lines    Gemini, Ollama, llama.cpp, SGLang and text generation inference
"""
