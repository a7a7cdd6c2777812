#!/bin/sh
# zstandard: a file that lost its end decompresses without an error, to a part of its lines.
#
# Versions: zstandard 0.25.0, Python 3.11.
# Guess: a stream that ends inside a frame raises, as gzip ("Compressed file ended before the end-of-stream marker"),
#   bz2 and lzma of the standard library do.
# Behaviour: `ZstdDecompressor().stream_reader(…)` gives what was decoded so far and then reports the end of the file.
#   `zstandard.open` is built on it, and so is whatever reads .jsonl.zst through either: a download or a copy that
#   stopped half-way is a smaller data set that nobody misses. `decompressobj()` tells: its `eof` stays false.
# Seen: of 200,000 lines in 40% of the file, fewer, no exception; gzip of the same lines raises EOFError.
# Fails if the reader raises.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "zstandard==0.25.0"
cat >"$folder/cut.py" <<'PYTHON'
import gzip
import io

import zstandard

LINES = b"".join(b'{"n": %d}\n' % n for n in range(200_000))


def kept(packed):
    return packed[: len(packed) * 2 // 5]


cut = kept(zstandard.ZstdCompressor().compress(LINES))
with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(cut), read_across_frames=True) as reader:
    read = reader.read()
with zstandard.open(io.BytesIO(cut), "rb") as opened:
    same = opened.read()
whole = zstandard.ZstdDecompressor().decompressobj()
whole.decompress(cut)
try:
    gzip.decompress(kept(gzip.compress(LINES)))
    raised = "nothing"
except EOFError:
    raised = "EOFError"
print(f"zstandard: {read.count(LINES[:1]):,} of 200,000 lines, no exception; eof of decompressobj {whole.eof}")
print(f"gzip: {raised}")
assert read == same and LINES.startswith(read) and len(read) < len(LINES)
assert not whole.eof and raised == "EOFError"
PYTHON
"$folder/venv/bin/python" "$folder/cut.py"
