"""Training: what each checkpoint changed, and when sentences turned."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.training.page import draw

shell.draw_page(draw)
