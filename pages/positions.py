"""Positions: label shares along the traces, and correct against incorrect ones."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.positions.page import draw

shell.draw_page(draw)
