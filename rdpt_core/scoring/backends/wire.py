"""How servers write logprobs into JSON, whether they are asked now or were recorded."""

from __future__ import annotations

NO_PROBABILITY = -9999.0
"""Nats. OpenAI-compatible servers write it for a logprob of minus infinity, which JSON cannot hold."""

ROUNDING = 1e-3
"""Logprobs this far above 0 come from rounding on the server; beyond it they are no logprobs."""
