"""Certificates of an authority and of a server, made for one test run by the command `openssl`."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files."""

    file: Path
    key: Path


def make_certificate(
    folder: Path, name: str, *, signed_by: Certificate | None = None, alt_names: str = "IP:127.0.0.1"
) -> Certificate:
    """A server's certificate; without `signed_by` it signs itself. Without names it is an authority's."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with the command openssl, which is not installed")
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    signer: list[str | Path] = [] if signed_by is None else ["-CA", signed_by.file, "-CAkey", signed_by.key]
    extensions = [f"subjectAltName={alt_names}"] if alt_names else ["keyUsage=critical,keyCertSign"]
    key: list[str | Path] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made.key]
    subject: list[str | Path] = ["-subj", f"/CN={name}", "-days", "2", "-out", made.file]
    added = [part for extension in extensions for part in ("-addext", extension)]
    _openssl("req", "-x509", *key, *subject, *added, *signer)
    return made


def make_expired(folder: Path, name: str) -> Certificate:
    """A certificate that signs itself and was valid until yesterday."""
    made = make_certificate(folder, f"{name}-before")
    expired = Certificate(folder / f"{name}.pem", made.key)
    _openssl("x509", "-in", made.file, "-signkey", made.key, "-days", "-1", "-out", expired.file)
    return expired


def subject_hash(certificate: Certificate) -> str:
    """By which OpenSSL finds an authority in a folder."""
    return _openssl("x509", "-noout", "-subject_hash", "-in", certificate.file).strip()


def _openssl(*arguments: str | Path) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout
