"""An exception that no page expected: one sentence for the reader, the rest for whoever runs the server.

A traceback shows paths and parts of the data, and whoever looks at the page may be somebody else.
"""

from __future__ import annotations

import secrets
import sys

import streamlit as st


def show_problem(error: Exception) -> bool:
    """Say on the page that it failed, under a reference that stands beside the traceback in the server's output.

    Returns:
        True: Streamlit, which has written the traceback by now, is not to show it.
    """
    reference = secrets.token_hex(4)
    print(f"reference {reference}: the page failed with {type(error).__name__}, as above", file=sys.stderr, flush=True)
    st.error(
        "**This page could not be drawn because of a fault in the program.** Your data are as they were. The output "
        f"of `rdpt view` has the details, under the reference `{reference}`.",
        icon=":material/error:",
    )
    return True
