"""Transfer: how far the teacher reaches where it did not teach."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.evidence.transfer.page import draw

shell.draw_page(draw)
