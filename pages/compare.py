"""Compare: two traces side by side."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.compare.page import draw

shell.draw_page(draw)
