"""On a server's path: vLLM takes Triton for present on a CPU, so that its second model runner starts.

Its kernels are then interpreted (`TRITON_INTERPRET=1`), since the Triton of PyPI compiles for GPUs only.
"""

import importlib.util
import types

if importlib.util.find_spec("triton") is not None:
    from triton.backends import backends

    driver = types.SimpleNamespace(is_active=lambda: True)
    backends["cpu"] = types.SimpleNamespace(compiler=None, driver=driver)
