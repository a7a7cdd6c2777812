"""The read side: everything that the app and the exports ask of the database.

run      a run as it is stored, and as it is seen with companions
reading  questions over one open connection
"""

from __future__ import annotations

from rdpt_core.store.reader.reading import Reader as Reader
from rdpt_core.store.reader.reading import RoleProgress as RoleProgress
from rdpt_core.store.reader.reading import open_reader as open_reader
from rdpt_core.store.reader.run import Companion as Companion
from rdpt_core.store.reader.run import KnownWriter as KnownWriter
from rdpt_core.store.reader.run import Run as Run
from rdpt_core.store.reader.run import default_run as default_run
