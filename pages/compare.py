"""Compare: two traces side by side."""

from rdpt_core.ui import compare, shell

shell.draw_page(compare.draw)
