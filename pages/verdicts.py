"""Verdicts: where they come from, and where the source and our grade differ."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.verdicts.page import draw

shell.draw_page(draw)
