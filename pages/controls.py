"""Controls: what labels say without a teacher, and how sure each is."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.evidence.controls.page import draw

shell.draw_page(draw)
