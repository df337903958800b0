"""Operations of quick tests and full trainings: the same ones of each, once it has been started."""

from __future__ import annotations

from collections.abc import Mapping

from config_api.answers import quick_tests as test_answers
from config_api.answers.lineage import LineageAnswer
from config_api.openapi import examples
from config_api.openapi.operation import Operation
from config_api.schemas import queries, quick_tests

_CONFIG = "/api/feature-configs/<id:config_id>/"
_TRAINING = (
    "The same pipeline on all of the data. Takes a config that is tested or promoted, and a version with a completed "
    "quick test, whose best test's other settings are taken; the code must be there. A full training of the current "
    "version promotes the config, one of an older version does not. An equal one that has completed or is on its way "
    "is answered with 200. Where the installation hands over, the event full-training.requested has code, snapshot and "
    "settings, and the document stays as it is: phase handed_over, status completed, no figures; asked for again it is "
    "handed over again."
)


def _followed(path: str, what: str) -> Mapping[str, Operation]:
    """The operations of one kind, from its document on."""
    return {
        f"GET {path}": Operation(f"One {what}", {200: test_answers.QuickTestAnswer}),
        f"GET {path}events/": Operation(
            "Server-sent events with the whole document, until the test has ended",
            {200: examples.TEST_EVENT, 204: None},
            content="text/event-stream",
        ),
        f"GET {path}ranks/": Operation(
            "The rank of every evaluation row, as Parquet",
            {200: {"type": "string", "format": "binary"}, 304: None},
            etag=True,
            content="application/vnd.apache.parquet",
        ),
        f"GET {path}recommendations/": Operation(
            "What the model recommends to customers, beside what they bought; `beside` a quick test, to the same ones",
            {200: test_answers.CustomerPage},
            query=queries.CustomerSchema,
        ),
        f"GET {path}lineage/": Operation(
            "Where a test's figures come from: snapshot, config version, code, job, run, protocol, files",
            {200: LineageAnswer},
        ),
        f"POST {path}cancel/": Operation(
            "Ask for its end; safe to repeat",
            {202: test_answers.QuickTestAnswer},
            body=quick_tests.NothingSchema,
            may_be_empty=True,
        ),
    }


TESTS: Mapping[str, Operation] = {
    f"POST {_CONFIG}quick-test/": Operation(
        "Start a quick test, or find the equal one",
        {202: test_answers.StartedTestAnswer, 200: test_answers.StartedTestAnswer},
        body=quick_tests.QuickTestSchema,
        example=examples.QUICK_TEST,
        may_be_empty=True,
    ),
    f"GET {_CONFIG}quick-tests/": Operation(
        "Quick tests, newest first", {200: test_answers.QuickTestPage}, query=queries.PageSchema
    ),
    f"POST {_CONFIG}full-training/": Operation(
        "Promote a version and train it in full",
        {202: test_answers.StartedTestAnswer, 200: test_answers.StartedTestAnswer},
        body=quick_tests.FullTrainingSchema,
        example=examples.FULL_TRAINING,
        may_be_empty=True,
        description=_TRAINING,
    ),
    f"GET {_CONFIG}full-trainings/": Operation(
        "Full trainings, newest first", {200: test_answers.QuickTestPage}, query=queries.PageSchema
    ),
    **_followed("/api/quick-tests/<id:test_id>/", "quick test"),
    **_followed("/api/full-trainings/<id:test_id>/", "full training"),
}
