"""Benchmarks: label shares of any groups of traces, and whether two of them differ."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.benchmarks.page import draw

shell.draw_page(draw)
