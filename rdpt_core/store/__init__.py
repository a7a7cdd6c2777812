"""The database and the file beside it. Knows DuckDB and SQLite, never torch or streamlit.

folder      the databases of a folder
files       the database as a file: where, in which state, and how a new one appears
failures    what DuckDB says of a disk, of memory and of damage, as errors
connect     opening the database: one writer or several readers at a time
schema      its tables, and the migrations that lead to them
claimed     the database of a run that is under way
companions  columns of companions, and how one is seen in the place of a role
soundness   what must be true of a database before anything of it is shown
own_marks   in whose marks the roles of a run saw the responses
writer      claim a run, commit batches, finish
reader      everything that the app and the exports ask
run_store   the database as the scoring pipeline sees it
regex       regular expressions as the database understands them
evidence    how much the answer depends on each sentence, and runs whose writer is known
beside      the SQLite file beside the database, for what people add
"""
