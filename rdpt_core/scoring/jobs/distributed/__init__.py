"""`score --engine ray`: the same job on several workers, here or on a cluster.

    traces as Parquet → Ray Data: a pool of workers reads and scores → shards as Parquet → one committer into DuckDB

    job       what the pipeline sees: one role of one run
    worker    one model with its share of CPUs or GPUs, in a process of its own
    shards    results on their way; a shard appears whole or not at all
    cluster   starting Ray on loopback, or joining one that runs

Workers die and are replaced by Ray, which hands their traces to another; a shard that comes twice is the same shard.
Order is not kept on the way and does not matter: traces are stored under their numbers, exports are sorted by them.
What the driver leaves behind when it dies, finished shards, is committed by the next call.
"""
