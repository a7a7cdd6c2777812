"""Ratios: every sentence by how far the models are apart."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.ratios.page import draw

shell.draw_page(draw)
