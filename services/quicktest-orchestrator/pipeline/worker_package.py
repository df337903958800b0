"""A generated module as a wheel, so that Beam's workers, wherever they are, can import what they are sent."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
import zipfile

VERSION = "1"
WHEEL = "Wheel-Version: 1.0\nGenerator: towerlab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # equal modules make equal wheels


def module_name(source: bytes, name: str) -> str:
    """Two modules on one worker never meet under one name."""
    return f"towerlab_{name}_{hashlib.sha256(source).hexdigest()[:12]}"


def pack(source: bytes, name: str) -> str:
    """'<module>@<path of the wheel>', as TFX takes it for `module_path`. Nothing but the module is in the wheel."""
    module = module_name(source, name)
    facts = f"{module}-{VERSION}.dist-info"
    files = {
        f"{module}.py": source,
        f"{facts}/METADATA": f"Metadata-Version: 2.1\nName: {module}\nVersion: {VERSION}\n".encode(),
        f"{facts}/WHEEL": WHEEL.encode(),
    }
    files[f"{facts}/RECORD"] = _record(files, f"{facts}/RECORD").encode()
    path = os.path.join(tempfile.mkdtemp(prefix="wheel-"), f"{module}-{VERSION}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file, content in files.items():
            wheel.writestr(zipfile.ZipInfo(file, LONG_AGO), content)
    return f"{module}@{path}"


def _record(files: dict[str, bytes], own: str) -> str:
    """Path, hash and size of every file, as the wheel format wants it."""
    lines = [f"{file},sha256={_digest(content)},{len(content)}\n" for file, content in files.items()]
    return "".join([*lines, f"{own},,\n"])


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
