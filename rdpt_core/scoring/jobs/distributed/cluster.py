"""Ray, started here on loopback or joined where it runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rdpt_core
from rdpt_core.errors import MissingPackageError, UsageError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DistributedOptions:
    """How a run is distributed. Nothing here changes a number.

    Attributes:
        n_workers: models of a role that work at once.
        n_cpus: share of CPUs for each. Below 1, so that reading has room beside two workers on two CPUs.
        n_gpus: share of GPUs for each.
        address: of a Ray cluster; None starts Ray on this machine, on loopback only.
        folder: for results on their way; every machine of a cluster must see it under this path.
    """

    n_workers: int
    n_cpus: float
    n_gpus: float
    address: str | None
    folder: Path


def require_ray() -> None:
    """Check that Ray is installed.

    Raises:
        MissingPackageError: it is not.
    """
    if find_spec("ray") is None:
        raise MissingPackageError(
            "the engine `ray` needs a package that is not installed",
            where="--engine ray",
            expected="ray with ray.data",
            got="no ray",
            hint='Run `pip install "ray[data]>=2.60,<3"`, or score with `--engine plain`.',
        )


@contextmanager
def cluster(options: DistributedOptions) -> Iterator[None]:
    """Ray for as long as the context lasts. Nothing is reported to anybody.

    Raises:
        UsageError: no cluster answers at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray
    import ray.data

    code = str(Path(rdpt_core.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (code, os.environ.get("PYTHONPATH"))))
    quiet: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "runtime_env": {"env_vars": {"PYTHONPATH": path}},
    }
    if options.address is None:
        from ray._private import services

        # Ray would take a loopback address for a mistake, replace it by an outward one, and listen on all.
        resolve = services.resolve_ip_for_localhost
        services.resolve_ip_for_localhost = lambda host: host
        try:
            ray.init(include_dashboard=False, _node_ip_address=LOOPBACK, **quiet)
        finally:
            services.resolve_ip_for_localhost = resolve
    else:
        try:
            ray.init(address=options.address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(
                "there is no Ray cluster at this address",
                where=f"--ray-address {options.address}",
                got=str(error).splitlines()[0],
                hint="Start one with `ray start --head`, or leave the option out to use this machine.",
            ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        ray.shutdown()
