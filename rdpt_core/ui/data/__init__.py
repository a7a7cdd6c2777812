"""The database as pages see it: every answer cached under the file's identity.

cache       the file, opened for a moment, and the cache of all sessions
trace_data  what only the reader of a trace asks for
"""
