"""How the libraries of models are set up when a whole process is ours."""

from __future__ import annotations

import os

_SETTINGS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "true",
}


def prepare_libraries() -> None:
    """Settings that libraries read when they are imported; what the user has set stays.

    Loading bars and advice are kept off standard error, where our own progress stands. Threads that wait sleep: by
    default they spin, and on a busy laptop that makes small models several times slower. Only commands call this: in
    a notebook the environment belongs to the user.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
