"""Real SMTP servers that store what they get, with certificates of an authority of their own."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crowdfund.local.ports import free_port

HOST = "localhost"
USER, PASSWORD = "platform", "hunter2-hunter2"


@dataclass
class Catcher:
    """What came: the bytes of each message, and whether the connection was encrypted."""

    port: int
    raw: list[bytes] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    async def take(self, server, _session, envelope):
        self.raw.append(envelope.original_content)
        self.was_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 taken"


@contextmanager
def running(**choices) -> Iterator[Catcher]:
    """Run a server until the block ends; `choices` are those of aiosmtpd's Controller."""
    catcher = Catcher(free_port())
    handler = SimpleNamespace(handle_DATA=catcher.take)
    controller = Controller(handler, hostname=HOST, port=catcher.port, **choices)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()


def authenticator(_server, _session, _envelope, _mechanism, data):
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@dataclass(frozen=True)
class Authority:
    """A file with the authority's certificate, and server contexts for names."""

    folder: Path
    key: ec.EllipticCurvePrivateKey

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def context(self, name: str = HOST, *, days: int = 1) -> ssl.SSLContext:
        """Return a server's context with a certificate for a name that is valid for some days."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = (
            _builder(name, days).public_key(key.public_key()).add_extension(names, critical=False)
        )
        certificate = made.issuer_name(_named("authority")).sign(self.key, hashes.SHA256())
        file = self.folder / f"{name}{days}.pem"
        file.write_bytes(_pem(certificate) + _key_pem(key))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context


def authority(folder: Path) -> Authority:
    """Return a new authority."""
    made = Authority(folder, ec.generate_private_key(ec.SECP256R1()))
    builder = _builder("authority", 1).public_key(made.key.public_key())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    builder = builder.add_extension(constraints, critical=True)
    certificate = builder.issuer_name(_named("authority")).sign(made.key, hashes.SHA256())
    made.file.write_bytes(_pem(certificate))
    return made


def _builder(name: str, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
