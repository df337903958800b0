"""A bare Flask route: what any request costs under the same server."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def route() -> dict[str, str]:
    return {"status": "ok"}
