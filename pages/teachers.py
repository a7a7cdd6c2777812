"""Teachers: whose sentences they are among several teachers, the student, or none of these."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.teachers.page import draw

shell.draw_page(draw)
