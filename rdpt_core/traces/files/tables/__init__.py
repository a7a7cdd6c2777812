"""Tables to records: a row under the names of its columns, in which an empty cell is absent.

delimited  CSV with a header
frames     tables that a JSON document holds in one object
parquet    Parquet
pages      how the pages of a Parquet file are packed
arrow      Arrow streams and files
cells      rows of Arrow's batches, with cells as JSON has them
"""
