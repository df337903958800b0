"""What a person has not saved yet is kept: against another's save, a reload, and a way out taken by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import AXE, chromium, started, watched
from tests.stacks import Stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None or not AXE.exists():
        pytest.skip("no Chromium here, or the page is not built: run `make web`")
    with started(executable) as running:
        yield running


def edited(page: Page, config: dict[str, Any]) -> None:
    """The embedding of Country is 24 wide, and not saved."""
    page.goto(f"/configs/{config['id']}/edit")
    page.get_by_role("button", name="Settings of Country in BuyerModel").click()
    page.get_by_label("Embedding dimension").fill("24")
    page.get_by_role("button", name="Apply").click()


def test_a_save_that_meets_anothers_is_settled_by_feature(
    browser: Browser, stack: Stack, config: dict[str, Any]
) -> None:
    with watched(browser, stack.url) as here:
        here.allow("status of 412")
        edited(here.page, config)
        others = {
            name: config[name] for name in ("name", "description", "buyer_model_features", "product_model_features")
        }
        others["product_model_features"] = others["product_model_features"][:-1]
        stack.call("PUT", f"/api/feature-configs/{config['id']}/", others, **{"If-Match": config["etag"]})
        here.page.get_by_role("button", name="Save config").click()
        expect(here.page.get_by_role("dialog")).to_contain_text("Your edits are kept")
        assert here.inaccessible() == []
        here.page.get_by_role("button", name="Save the result").click()
        here.page.get_by_role("heading", name=re.compile("Retail cut")).wait_for()
        saved = stack.get(f"/api/feature-configs/{config['id']}/")
        country = next(one for one in saved["buyer_model_features"] if one["column"] == "Country")
        assert country["embedding_dim"] == 24
        assert saved["product_model_features"] == others["product_model_features"]


def test_leaving_unsaved_edits_asks_and_staying_keeps_them(
    browser: Browser, stack: Stack, config: dict[str, Any]
) -> None:
    with watched(browser, stack.url) as here:
        edited(here.page, config)
        asked: list[str] = []
        here.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        here.page.get_by_role("link", name="Cancel").click()
        expect(here.page.locator("[data-tower=buyer] [data-feature=Country]")).to_contain_text("24D")
        assert asked == ["Leave without saving? The edits of these features are lost."]


def test_a_reload_brings_back_what_was_not_saved(browser: Browser, stack: Stack, config: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        edited(here.page, config)
        here.page.on("dialog", lambda dialog: dialog.accept())
        here.page.reload()
        expect(here.page.locator("[data-tower=buyer] [data-feature=Country]")).to_contain_text("24D")
