"""llama.cpp's own server, run in an environment that has `xllamacpp`, until it is stopped.

python serve_llama_cpp.py MODEL.gguf PORT N_CTX
"""

from __future__ import annotations

import signal
import sys

import xllamacpp


def main() -> int:
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[2])
    params.n_ctx = int(sys.argv[3])
    params.n_parallel = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    sys.exit(main())
