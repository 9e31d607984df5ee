"""A certificate for exchanges on this machine, made by openssl for one run."""

import ssl
import subprocess
from pathlib import Path
from shutil import which

from sims.errors import CertificateError

DAYS = "30"


def make_certificate(folder: Path) -> Path:
    """Write `certificate.pem`, and its key beside it, for 127.0.0.1; what clients have to trust.

    Raises:
        CertificateError: there is no openssl, or it refuses.
    """
    openssl = which("openssl")
    if openssl is None:
        raise CertificateError("openssl is missing")
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "certificate.pem"
    files = ["-keyout", str(_key_of(certificate)), "-out", str(certificate)]
    extensions = ["subjectAltName=IP:127.0.0.1", "keyUsage=critical,digitalSignature,keyCertSign"]
    added = [part for extension in extensions for part in ("-addext", extension)]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    kind = ["req", "-x509", "-nodes", "-days", DAYS, "-subj", "/CN=127.0.0.1"]
    made = subprocess.run(
        [openssl, *kind, *curve, *files, *added], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise CertificateError(made.stderr[-200:].strip())
    return certificate


def server_context(certificate: Path) -> ssl.SSLContext:
    """What a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, _key_of(certificate))
    return context


def _key_of(certificate: Path) -> Path:
    return certificate.with_name("key.pem")
