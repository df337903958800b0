"""The command line against the real application: requests goes to it without a socket."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from config_api.app import create_public
from requests.adapters import BaseAdapter
from towerlab.runtime.wiring import Deps
from towerlab_cli.app import towerlab
from urllib3 import HTTPResponse

from tests.unit.config_api.conftest import api, bus, config, data_folder, dataset, deps, installed

__all__ = ["api", "bus", "config", "data_folder", "dataset", "deps", "installed"]

Run = Callable[..., Result]


class _Wsgi(BaseAdapter):
    """A way for requests into an application, in place of the network."""

    def __init__(self, deps: Deps) -> None:
        super().__init__()
        self._client = create_public(deps).test_client()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        assert request.url
        answer = self._client.open(
            request.url, method=request.method, data=request.body, headers=dict(request.headers), buffered=True
        )
        raw = HTTPResponse(
            BytesIO(answer.data), headers=dict(answer.headers), status=answer.status_code, preload_content=False
        )
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        pass


@pytest.fixture
def run(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`towerlab <words>` as at a terminal, the installation being the test's."""
    way = _Wsgi(deps)
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: way)

    def command(*words: str, **environment: str) -> Result:
        return CliRunner(env=environment).invoke(towerlab, words)

    return command
