"""Which models play the roles of a run.

models           from a TOML file or from flags
named            names of companions, on the command line and in TOML
tables           what the table of a role may hold, and what is said of a table that holds something else
certificates     of servers that a user trusts beside those of the system
same_models      what must be known of roles that one model plays
"""

from rdpt_core.config.models import (
    ModelSet,
    parse_reference,
    parse_roles,
    read_companions,
    read_triple,
    template_settings,
)

__all__ = ["ModelSet", "parse_reference", "parse_roles", "read_companions", "read_triple", "template_settings"]
