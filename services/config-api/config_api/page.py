"""The page's built files, in front of the API: hashed ones are kept for ever, the others asked for each time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Flask
from towerlab.runtime.settings import Local
from towerlab.runtime.wiring import Deps
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NOT_OF_THE_PAGE = frozenset({"api", "healthz", "readyz"})
_HASHED = re.compile(r"^/assets/.+-[\w-]{8,}\.\w+$")
_NOT_BUILT = (
    b"The page has not been built here. `make web` builds it; the API is at /api/, its documentation at /api/docs/.\n"
)


def install(app: Flask, deps: Deps) -> None:
    """Serve the page that the settings name in front of `app`, or at / how to build it; nothing where none is set."""
    folder = deps.settings.page
    if folder is None:
        return
    built = (folder / "index.html").is_file()
    on_a_laptop = isinstance(deps.settings.place, Local)  # where it is built again while the stack is up
    shown = _served(app.wsgi_app, folder, on_a_laptop) if built else _unbuilt(app.wsgi_app)
    app.wsgi_app = shown  # type: ignore[assignment,method-assign]


def _served(api: WSGIApplication, folder: Path, changing: bool) -> WSGIApplication:
    """Files of `folder`; a path without a file, outside of the API, is a view of the page and answered with its
    index.html, which routes it."""
    files: WSGIApplication = WhiteNoise(
        api,
        root=folder,
        max_age=0,
        index_file=True,
        autorefresh=changing,
        immutable_file_test=lambda _path, url: _HASHED.match(url) is not None,
        add_headers_function=_add_headers,
    )

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ["REQUEST_METHOD"] in ("GET", "HEAD") and is_view(environ["PATH_INFO"])
        shown = {**environ, "PATH_INFO": "/"} if asked else environ
        return files(shown, start_response)

    return answer


def is_view(path: str) -> bool:
    """Whether `path` is one of the page's own: no file's name, and nothing of the API's."""
    first, last = path.lstrip("/").split("/")[0], path.rsplit("/", 1)[-1]
    return first not in NOT_OF_THE_PAGE and "." not in last


def _add_headers(headers: Headers, path: str, url: str) -> None:
    del path, url
    for name, value in HEADERS.items():
        headers[name] = value


def _unbuilt(api: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in ("", "/"):
            return api(environ, start_response)
        start_response("404 NOT FOUND", [("Content-Type", "text/plain; charset=utf-8")])
        return [_NOT_BUILT]

    return answer
