"""Loading that needs a package which is not there."""

from __future__ import annotations

import pytest

from rdpt_core.errors import MissingPackageError
from rdpt_core.scoring.models import loading


def test_spreading_without_accelerate_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install accelerate"):
        loading._balanced_map("org/name")
