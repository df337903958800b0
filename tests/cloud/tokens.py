"""Tokens as Google signs them, with keys made here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth import crypt, jwt

KEY_ID = "k1"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Signer:
    """Signs `claims` with a key whose certificate names nobody."""

    def __init__(self, claims: Mapping[str, Any], key: PrivateKey | None = None) -> None:
        key = key or rsa.generate_private_key(65537, 2048)
        self._claims = {"iss": "https://accounts.google.com", "email_verified": True, **claims}
        self.certificate = _certificate(key)
        kind = crypt.RSASigner if isinstance(key, rsa.RSAPrivateKey) else crypt.ES256Signer
        self._signer = kind.from_string(_pem(key), key_id=KEY_ID)

    @property
    def certificates(self) -> dict[str, str]:
        """What Google answers where its certificates are."""
        return {KEY_ID: self.certificate}

    def token(self, **changed: Any) -> str:
        """A token for ten minutes; a claim that is None is left out."""
        now = int(time.time())
        claims = {"iat": now, "exp": now + 600, **self._claims, **changed}
        left = {name: value for name, value in claims.items() if value is not None}
        return str(jwt.encode(self._signer, left).decode())


def key_in(path: Path) -> rsa.RSAPrivateKey:
    """The key in that file, made when there is none: a signer that is started again keeps its key."""
    if not path.exists():
        path.write_bytes(_pem(rsa.generate_private_key(65537, 2048)))
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _certificate(key: PrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
