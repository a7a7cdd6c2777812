"""Files of certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from rdpt_core.config.certificates import trust
from rdpt_core.errors import UsageError
from tests.support.servers.certificates import make_certificate


def test_a_context_believes_what_a_file_holds_and_goes_on_verifying(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust(context, str(make_certificate(tmp_path, "ca", alt_names="").file), "ca_file")
    assert len(context.get_ca_certs()) == 1 or context.cert_store_stats()["x509"] == 1
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "ca", alt_names="")
    binary = tmp_path / "ca.der"
    binary.write_bytes(ssl.PEM_cert_to_DER_cert(made.file.read_text()))
    for path, said in (
        (binary, "holds no certificates: here: .*ca.der.*openssl x509 -inform der -in ca.der"),
        (made.key, "holds no certificates"),
        (tmp_path / "none.pem", "cannot be read.*No such file"),
        (tmp_path, "cannot be read|holds no certificates"),
    ):
        with pytest.raises(UsageError, match=said):
            trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), str(path), "here")
