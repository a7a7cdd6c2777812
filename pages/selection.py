"""Selection: choose training data among candidate responses, strategies side by side."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.selection.page import draw

shell.draw_page(draw)
