"""Roles for all datasets and for one, for a person and for a domain."""

from __future__ import annotations

from towerlab.domain.access import OPEN, Access, Role

ACCESS = Access(
    {
        "ann@example.org": {"*": Role.ADMIN},
        "bob@example.org": {"d1": Role.EDITOR},
        "*@example.org": {"d2": Role.VIEWER},
        "*@partner.example": {"*": Role.VIEWER},
    }
)


def test_a_role_for_all_datasets_holds_for_each_and_for_all_at_once() -> None:
    assert ACCESS.allows("ann@example.org", Role.ADMIN, "d9")
    assert ACCESS.allows("ann@example.org", Role.ADMIN, None)
    assert ACCESS.datasets_of("ann@example.org") is None


def test_a_role_for_one_dataset_holds_there_alone() -> None:
    assert ACCESS.allows("bob@example.org", Role.EDITOR, "d1")
    assert not ACCESS.allows("bob@example.org", Role.ADMIN, "d1")
    assert not ACCESS.allows("bob@example.org", Role.VIEWER, "d3")
    assert not ACCESS.allows("bob@example.org", Role.VIEWER, None)
    assert ACCESS.knows("bob@example.org", Role.EDITOR)


def test_a_domains_role_comes_on_top_of_a_persons_own() -> None:
    assert ACCESS.datasets_of("bob@example.org") == {"d1", "d2"}
    assert ACCESS.allows("eve@partner.example", Role.VIEWER, "d1")
    assert not ACCESS.allows("eve@partner.example", Role.EDITOR, "d1")


def test_nobody_else_may_anything() -> None:
    for stranger in ("eve@evil.example", "", "example.org", "x@sub.example.org"):
        assert not ACCESS.allows(stranger, Role.VIEWER, "d1")
        assert not ACCESS.knows(stranger, Role.VIEWER)


def test_on_loopback_everybody_may_everything() -> None:
    assert OPEN.allows("local", Role.ADMIN, None)
    assert OPEN.datasets_of("local") is None
