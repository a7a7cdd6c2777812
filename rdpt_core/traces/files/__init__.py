"""Any file to records: one JSON value, or one row, after another.

named_files  what the user named: a file, a folder, a pipe
bundles      zip and tar archives of files, to their members
tar          the members of a tar archive
record       one value of a file, and one that cannot be read
source       opened, seekable, decompressed
compression  gzip, zstd, xz and bzip2
zstd_frames  whether a zstd file is whole
containers   which container the bytes are, and its records
json_lines   JSON Lines and server-sent events
json_stream  JSON, element by element
tables       CSV, Parquet, Arrow, and tables in JSON
archive      Inspect's `.eval` archives
limits       how much a file may ask of this computer
"""
