"""Trace: one response, sentence by sentence."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.trace.page import draw

shell.draw_page(draw)
