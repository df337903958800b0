"""Tokens as Google signs them, with keys made here."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth import crypt, jwt

AUDIENCE = "https://towerlab.example.org"
KEY_ID = "k1"


class Signer:
    """A key pair with a certificate that names nobody."""

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(1).not_valid_before(now - timedelta(days=1))
        made = made.not_valid_after(now + timedelta(days=30))
        self.certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        kind = crypt.RSASigner if isinstance(key, rsa.RSAPrivateKey) else crypt.ES256Signer
        self._signer = kind.from_string(_pem(key), key_id=KEY_ID)

    @property
    def certificates(self) -> dict[str, str]:
        """What Google answers where its certificates are."""
        return {KEY_ID: self.certificate}

    def token(self, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com", "aud": AUDIENCE, "email": "Ann@Example.org", "email_verified": True,
            "iat": now, "exp": now + 600,
        } | changed  # fmt: skip
        left = {name: value for name, value in claims.items() if value is not None}
        return str(jwt.encode(self._signer, left).decode())


def signer() -> Signer:
    """One that signs as the issuer of OIDC tokens does."""
    return Signer(rsa.generate_private_key(65537, 2048))


def key_in(path: Path) -> rsa.RSAPrivateKey:
    """The key in that file, made when there is none: a signer that is started again keeps its key."""
    if not path.exists():
        path.write_bytes(_pem(rsa.generate_private_key(65537, 2048)))
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
