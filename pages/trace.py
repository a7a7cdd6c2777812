"""Trace: one response, sentence by sentence."""

from rdpt_core.ui import shell, trace

shell.draw_page(trace.draw)
