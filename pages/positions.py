"""Positions: label shares along the traces, and correct against incorrect ones."""

from rdpt_core.ui import positions, shell

shell.draw_page(positions.draw)
