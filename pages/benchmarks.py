"""Benchmarks: label shares of any groups of traces, and whether two of them differ."""

from rdpt_core.ui import benchmarks, shell

shell.draw_page(benchmarks.draw)
