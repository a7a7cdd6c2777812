"""The app must start fast and work where no model library is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import synthetic

ROOT = Path(__file__).parents[2]

_SCRIPT = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "safetensors") or name.startswith("rdpt_core.scoring"):
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)

sys.meta_path.insert(0, Blocker())
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("app.py", default_timeout=60)
for page in sys.argv[1:]:
    if page != "pages/overview.py":
        app.switch_page(page)
    app.run()
    assert not app.exception, app.exception[0].value
    assert not app.error, app.error[0].value
loaded = [m for m in sys.modules if m.split(".")[0] in ("torch", "transformers") or m.startswith("rdpt_core.scoring")]
assert not loaded, loaded
print("drawn")
"""


def test_no_page_imports_a_model_library(tmp_path: Path) -> None:
    database = tmp_path / "synthetic.duckdb"
    synthetic.build(database, synthetic.sketches(6))
    pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("[!_]*.py"))
    result = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *pages],
        cwd=ROOT,
        env={"RDPT_DB": str(database), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "drawn" in result.stdout
