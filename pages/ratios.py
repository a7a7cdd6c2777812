"""Ratios: every sentence by how far the models are apart."""

from rdpt_core.ui import ratios, shell

shell.draw_page(ratios.draw)
