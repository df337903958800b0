"""What every document store promises."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from towerlab.domain.errors import Invalid, NotFound
from towerlab.ports.documents import Delete, Documents, Has, Key, Order, Query, Scalar
from towerlab.ports.errors import AlreadyExists, RevisionConflict

from tests.contract.building import KIND, event, key, put

HOSTILE_BODY = {
    "nested": [[1, [2, []]], {}],
    "__name__": {"": {"a.b/c": None}},
    "text": "é × \u0000 \ud800 🛒",
    "numbers": [0, -1, 2**53 + 1, 0.1, 1e300],
    "flags": [True, False],
}


@dataclass(frozen=True)
class Raw:
    """What a store holds, seen without the adapter."""

    ids: tuple[str, ...]
    event_ids: tuple[str, ...]


class DocumentsContract(ABC):
    @abstractmethod
    def raw(self) -> Raw: ...

    @pytest.fixture
    @abstractmethod
    def documents(self) -> Documents: ...

    def test_a_tuple_is_found_by_what_it_holds(self, documents: Documents) -> None:
        for id, words in (("a", ("red", "o'clock")), ("b", ("red", '"', "%")), ("c", ())):
            documents.commit([put(id, {}, words=words, colour="x")])

        def found(text: str) -> list[str]:
            page = documents.query(Query(KIND, {"colour": "x", "words": Has(text)}))
            assert documents.count(KIND, {"words": Has(text)}) == len(page.items)
            return [stored.key.id for stored in page.items]

        assert found("red") == ["a", "b"]
        assert [found(text) for text in ("o'clock", '"', "%", "re", "")] == [["a"], ["b"], ["b"], [], []]
        first = documents.query(Query(KIND, {"words": Has("red")}, limit=1))
        rest = documents.query(Query(KIND, {"words": Has("red")}, limit=1, cursor=first.next_cursor))
        assert [stored.key.id for stored in (*first.items, *rest.items)] == ["a", "b"]
        with pytest.raises(Invalid):
            documents.query(Query(KIND, {"words": Has("x")}, limit=1, cursor=first.next_cursor))

    # get, find, get_many

    def test_what_was_written_is_read_whole(self, documents: Documents) -> None:
        (revision,) = documents.commit([put("a", HOSTILE_BODY)])
        stored = documents.get(key("a"))
        assert (stored.key, stored.revision, stored.body) == (key("a"), revision, HOSTILE_BODY)

    def test_what_is_not_there_is_not_found(self, documents: Documents) -> None:
        with pytest.raises(NotFound):
            documents.get(key("a"))
        assert documents.find(key("a")) is None

    @pytest.mark.parametrize("id", ["", "a/b", "a\nb", "x" * 201, "\ud800"])
    def test_an_impossible_key_is_not_found(self, documents: Documents, id: str) -> None:
        with pytest.raises(NotFound):
            documents.get(key(id))
        assert documents.find(key(id)) is None

    @pytest.mark.parametrize("id", ["x" * 200, "a b", "__a__", "..", "é×🛒", "%2F", "'\"--"])
    def test_any_other_text_is_a_key(self, documents: Documents, id: str) -> None:
        documents.commit([put(id)])
        assert documents.get(key(id)).key.id == id

    def test_kinds_keep_their_ids_apart(self, documents: Documents) -> None:
        documents.commit([put("a", {"n": 1}), put("a", {"n": 2}, kind="other")])
        assert documents.get(key("a", "other")).body == {"n": 2}

    def test_many_are_read_at_once_and_the_missing_left_out(self, documents: Documents) -> None:
        documents.commit([put(f"d{n}", {"n": n}) for n in range(450)])
        found = documents.get_many([key(f"d{n}") for n in range(0, 900, 2)] + [key("a/b")])
        assert {k.id: stored.body["n"] for k, stored in found.items()} == {f"d{n}": n for n in range(0, 450, 2)}

    # commit

    def test_a_create_that_meets_a_document_changes_nothing(self, documents: Documents) -> None:
        documents.commit([put("a", {"n": 1})])
        with pytest.raises(AlreadyExists):
            documents.commit([put("b"), put("a", {"n": 2})], [event()])
        assert documents.get(key("a")).body == {"n": 1}
        assert self.raw() == Raw(("a",), ())

    def test_a_stale_write_changes_nothing(self, documents: Documents) -> None:
        (first,) = documents.commit([put("a", {"n": 1})])
        documents.commit([put("a", {"n": 2}, first)])
        with pytest.raises(RevisionConflict):
            documents.commit([put("b"), put("a", {"n": 3}, first)], [event()])
        assert documents.get(key("a")).body == {"n": 2}
        assert self.raw() == Raw(("a",), ())

    def test_a_stale_deletion_changes_nothing(self, documents: Documents) -> None:
        (first,) = documents.commit([put("a", {"n": 1})])
        documents.commit([put("a", {"n": 2}, first)])
        with pytest.raises(RevisionConflict):
            documents.commit([Delete(key("a"), first), put("b")])
        assert self.raw().ids == ("a",)

    def test_writing_what_is_gone_is_a_conflict(self, documents: Documents) -> None:
        (revision,) = documents.commit([put("a")])
        assert documents.commit([Delete(key("a"), revision)]) == [""]
        with pytest.raises(RevisionConflict):
            documents.commit([put("a", expect=revision)])
        assert documents.find(key("a")) is None

    def test_a_revision_never_comes_back(self, documents: Documents) -> None:
        (first,) = documents.commit([put("a", {"n": 1})])
        (second,) = documents.commit([put("a", {"n": 1}, first)])
        documents.commit([Delete(key("a"), second)])
        (third,) = documents.commit([put("a", {"n": 1})])
        assert len({first, second, third}) == 3

    def test_revisions_come_in_the_order_of_the_writes(self, documents: Documents) -> None:
        revisions = documents.commit([put("b"), put("a")])
        assert revisions == [documents.get(key(id)).revision for id in ("b", "a")]

    def test_events_are_recorded_with_the_writes(self, documents: Documents) -> None:
        documents.commit([put("a")], [event("e1"), event("e2")])
        assert self.raw() == Raw(("a",), ("e1", "e2"))

    def test_a_commit_may_be_events_alone(self, documents: Documents) -> None:
        assert documents.commit([], [event("e1")]) == []
        assert self.raw().event_ids == ("e1",)

    @pytest.mark.parametrize(
        ("fault", "writes"),
        [
            (ValueError, [put("a", {"n": float("nan")})]),
            (ValueError, [put("a", {"n": float("inf")})]),
            (ValueError, [put("b"), put("b")]),
            (ValueError, [put("a/b")]),
            (Invalid, [put("a", {"text": "x" * 1_000_001})]),
            (Invalid, [put("a", name="\ud800")]),
        ],
    )
    def test_what_cannot_be_stored_is_refused_whole(
        self, documents: Documents, fault: type[Exception], writes: list[Any]
    ) -> None:
        with pytest.raises(fault):
            documents.commit([put("good"), *writes], [event()])
        assert self.raw() == Raw((), ())

    def test_of_writers_on_one_revision_exactly_one_wins(self, documents: Documents) -> None:
        (revision,) = documents.commit([put("a", {"n": 0})])
        outcomes: list[bool] = []
        start = threading.Barrier(8)

        def write(n: int) -> None:
            start.wait()
            try:
                documents.commit([put("a", {"n": n}, revision)], [event(f"e{n}")])
                outcomes.append(True)
            except RevisionConflict:
                outcomes.append(False)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False] * 7 + [True]
        assert self.raw().event_ids == (f"e{documents.get(key('a')).body['n']}",)

    # query, count

    def test_a_query_gives_the_documents_of_its_kind_with_equal_fields(self, documents: Documents) -> None:
        documents.commit(
            [put("a", x=1, y="p"), put("b", x=1, y="q"), put("c", x=2, y="p"), put("d", kind="other", x=1)]
        )
        assert _ids(documents, {"x": 1}) == ["a", "b"]
        assert _ids(documents, {"x": 1, "y": "p"}) == ["a"]
        assert _ids(documents, {"x": "1"}) == []

    def test_a_lacking_field_counts_as_null(self, documents: Documents) -> None:
        documents.commit([put("a"), put("b", x=None), put("c", x=0), put("d", x="")])
        assert _ids(documents, {"x": None}) == ["a", "b"]

    def test_null_comes_first_ascending_and_last_descending(self, documents: Documents) -> None:
        documents.commit([put("a", x=2), put("b"), put("c", x=-1), put("d", x=0.5)])
        assert _ids(documents, order=[Order("x")]) == ["b", "c", "d", "a"]
        assert _ids(documents, order=[Order("x", descending=True)]) == ["a", "d", "c", "b"]

    def test_ties_are_ordered_by_id_whatever_the_direction(self, documents: Documents) -> None:
        documents.commit([put(id, x=1) for id in "cab"])
        assert _ids(documents, order=[Order("x", descending=True)]) == ["a", "b", "c"]

    def test_text_is_ordered_by_code_point(self, documents: Documents) -> None:
        texts = ["", "\x00", "\x00a", "\x01", "\x02", "A", "Z", "a", "é", "×", "\uffff", "🛒"]
        documents.commit([put(f"d{n}", x=text) for n, text in enumerate(texts)])
        ordered = sorted(range(len(texts)), key=lambda n: texts[n])
        assert _ids(documents, order=[Order("x")]) == [f"d{n}" for n in ordered]
        assert [_ids(documents, {"x": text}) for text in texts] == [[f"d{n}"] for n in range(len(texts))]

    def test_pages_give_every_document_once(self, documents: Documents) -> None:
        fields: list[dict[str, Scalar]] = [
            {} if n % 5 == 0 else {"x": n % 3, "y": None if n % 2 else f"t{n % 4}"} for n in range(60)
        ]
        documents.commit([put(f"d{n:02}", None, **index) for n, index in enumerate(fields)])  # type: ignore[arg-type]
        for order in (
            [],
            [Order("x")],
            [Order("x", descending=True), Order("y")],
            [Order("y"), Order("x", descending=True)],
        ):
            whole = _ids(documents, order=order, limit=1000)
            assert _paged(documents, order, limit=7) == whole
            assert sorted(whole) == [f"d{n:02}" for n in range(60)]

    def test_what_stays_is_listed_once_while_others_come_and_go(self, documents: Documents) -> None:
        documents.commit([put(f"d{n:02}", x=n % 3) for n in range(0, 40, 2)])
        seen: list[str] = []
        cursor, round = None, 0
        while round == 0 or cursor:
            page = documents.query(Query(KIND, order=[Order("x")], limit=3, cursor=cursor))
            seen += [stored.key.id for stored in page.items]
            documents.commit([put(f"d{2 * round + 1:02}", x=round % 3)])
            cursor, round = page.next_cursor, round + 1
        assert [id for id in sorted(seen) if int(id[1:]) % 2 == 0] == [f"d{n:02}" for n in range(0, 40, 2)]

    def test_the_last_page_has_no_cursor(self, documents: Documents) -> None:
        documents.commit([put("a"), put("b")])
        assert documents.query(Query(KIND, limit=2)).next_cursor is None
        assert documents.query(Query(KIND, limit=1)).next_cursor is not None

    @pytest.mark.parametrize("cursor", ["", "x", "W10", "bnVsbA", "é", "WyJhIiwiYiJd", "e30="])
    def test_a_cursor_from_elsewhere_is_invalid(self, documents: Documents, cursor: str) -> None:
        with pytest.raises(Invalid):
            documents.query(Query(KIND, cursor=cursor))

    def test_a_cursor_is_good_for_its_own_query_alone(self, documents: Documents) -> None:
        documents.commit([put("a", x=1), put("b", x=1)])
        cursor = documents.query(Query(KIND, order=[Order("x")], limit=1)).next_cursor
        for other in (
            Query(KIND, cursor=cursor),
            Query("other", order=[Order("x")], cursor=cursor),
            Query(KIND, order=[Order("x", descending=True)], cursor=cursor),
            Query(KIND, where={"x": 1}, order=[Order("x")], cursor=cursor),
        ):
            with pytest.raises(Invalid):
                documents.query(other)

    def test_count_is_what_a_query_without_limit_would_give(self, documents: Documents) -> None:
        documents.commit([put(f"d{n}", x=n % 3) for n in range(10)])
        assert [documents.count(KIND, where) for where in ({}, {"x": 0}, {"x": 7}, {"y": None})] == [10, 4, 0, 10]


def _ids(
    documents: Documents, where: Mapping[str, Scalar] | None = None, order: Sequence[Order] = (), limit: int = 100
) -> list[str]:
    return [stored.key.id for stored in documents.query(Query(KIND, where or {}, order, limit)).items]


def _paged(documents: Documents, order: Sequence[Order], limit: int) -> list[str]:
    seen: list[str] = []
    page = documents.query(Query(KIND, order=order, limit=limit))
    seen += [stored.key.id for stored in page.items]
    while page.next_cursor:
        page = documents.query(Query(KIND, order=order, limit=limit, cursor=page.next_cursor))
        seen += [stored.key.id for stored in page.items]
    return seen


def keys(*ids: str) -> list[Key]:
    return [key(id) for id in ids]
