"""What every page shares, around its own content.

context          the open file, the run and the rule
database_picker  choosing one database of a folder
controls         choosing run and rule
teacher_picker   choosing which model is the teacher
filters          choosing traces
trace_picker     choosing one trace
notices          what must be known of run and rule
unfinished       how much of a run is there, while it is not all of it
header           how an analysis page begins
links            ids in the address
missing          links to what is not there
empty_states     instead of a page
settings         what is shown: a database, or a folder of them
"""
