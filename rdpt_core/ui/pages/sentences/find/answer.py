"""Above the hits: how their labels differ from those of all other sentences, and the means to take or keep them."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.run.search import Query
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import bars, saving, say


def pattern_of(query: Query) -> Pattern:
    """What is searched for, as a pattern; the label of the query is no part of it."""
    return Pattern("", "expression" if query.regex else "text", query.text, "", query.match_case)
