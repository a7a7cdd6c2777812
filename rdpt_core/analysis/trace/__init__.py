"""Everything about one trace, or about two side by side.

view         a trace with its labelled sentences
tokens       its tokens under every model
others       what the run's further models make of it
thinking     where its thinking ends
alignment    which sentences of two traces correspond
comparison   how two traces differ
fingerprint  short names for contents
notes        where notes belong
"""
