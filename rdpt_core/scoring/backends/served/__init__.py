"""The backend `openai`: a model behind a server that can be asked for the logprobs of given tokens.

backend     what the pipeline sees
dialects    how each kind of server is asked, and how its reply is read and checked
client      requests under way, retries, and when a server counts as gone
connection  which way requests take, and whose certificates are trusted
failures    what went wrong with a request, and whether another try can mend it
refusals    what a server means by saying no
address     where a server is: a host, or a socket file
greeting    by what a served model is known again
gate        how many requests and tokens are under way at once
secret      the key: read from the environment, and struck out of everything that could be shown
"""
