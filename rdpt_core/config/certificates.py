"""Files of certificates that a user trusts beside those of the system."""

from __future__ import annotations

import ssl
from pathlib import Path

from rdpt_core.errors import UsageError


def trust(context: ssl.SSLContext, ca_file: str, where: str) -> None:
    """Believe servers that show one of a file's certificates, or one that such an authority signed.

    Raises:
        UsageError: there is no such file, or no certificate in it.
    """
    try:
        context.load_verify_locations(cafile=ca_file)
    # Of these two, the first is the other's kind.
    except ssl.SSLError as error:
        raise UsageError(
            "this file holds no certificates",
            where=f"{where}: {ca_file}",
            expected="certificates in PEM form, each between BEGIN CERTIFICATE and END CERTIFICATE",
            got=error.reason or str(error),
            hint=f"The binary form becomes PEM with `openssl x509 -inform der -in {Path(ca_file).name} -out ca.pem`.",
        ) from None
    except OSError as error:
        raise UsageError(
            "the file of certificates cannot be read",
            where=f"{where}: {ca_file}",
            expected="a file with certificates in PEM form",
            got=error.strerror or str(error),
        ) from None
    # A server's own certificate, which an authority signed that nobody here knows, is enough as well.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
