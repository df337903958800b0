"""What a port may raise besides its own answers."""

from __future__ import annotations

from towerlab.domain.errors import TowerlabError


class Transient(TowerlabError):
    """It may work when tried again. A write may or may not have happened: read before retrying."""


class RevisionConflict(TowerlabError):
    """Another writer was faster; nothing was written."""


class AlreadyExists(RevisionConflict):
    """A create met an object that is there; nothing was written."""
