"""Text that spreadsheets take for formulas, and how to keep it text.

A cell of a CSV file that begins with one of these characters is evaluated when a spreadsheet opens the file, in quotes
or not. Traces hold such text (`= 12`, `- first`, `+5`), and one from elsewhere may hold it on purpose.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA_START = r"\A([=+\-@\t\r])"


def csv_safe(table: pa.Table) -> pa.Table:
    """The table with an apostrophe before every text cell that begins with `=`, `+`, `-`, `@`, a tab or a return.

    Columns that are no text stay as they are: a spreadsheet reads a negative number as a number. What programs read
    must stay verbatim, so this is for people who open the file in a spreadsheet.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            cells = pc.replace_substring_regex(table.column(place), _FORMULA_START, r"'\1")
            table = table.set_column(place, field, cells)
    return table
