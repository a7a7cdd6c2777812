"""Importance: how much the answer depends on each sentence."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.evidence.importance.page import draw

shell.draw_page(draw)
