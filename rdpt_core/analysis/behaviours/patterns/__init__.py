"""Sentences of one kind as an object."""
