"""The page in a real Chromium over the real stack: from an empty start to a saved config, by mouse and by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsers import AXE, NARROW, WIDE, chromium, overflowing, started, watched
from tests.stacks import REPOSITORY, Stack

BUILT = REPOSITORY / "services" / "web" / "dist" / "index.html"
HOSTILE = "<img src=x onerror=alert(1)>\"'\u202ertl\u202c " + "x" * 200
LOOKS = [(size, dark) for size in (WIDE, NARROW) for dark in (False, True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium here: install one, or name it in CHROMIUM")
    if not BUILT.exists() or not AXE.exists():
        pytest.skip("the page is not built: run `make web`")
    with started(executable) as running:
        yield running


def builder(page: Page, dataset: dict[str, Any], start: str, name: str) -> None:
    """Through step 1 into the builder."""
    page.goto(f"/datasets/{dataset['id']}/configs/new")
    page.get_by_label("Config name").fill(name)
    page.get_by_role("radio", name=start).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Tensor preview").wait_for()


def columns_of(page: Page, tower: str) -> list[str]:
    cards = page.locator(f"[data-tower={tower}] [data-feature]")
    return [str(card.get_attribute("data-feature")) for card in cards.all()]


def drag(page: Page, source: Locator, target: Locator, down: float = 0.5) -> None:
    """By the mouse as a hand does it, in many small moves, to `down` of the target's height."""
    source.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * down, steps=12)
    page.mouse.up()


def row(page: Page, column: str) -> Locator:
    return page.locator(f"[data-column='{column}']")


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_every_screen_is_accessible_and_fits(
    browser: Browser, stack: Stack, dataset: dict[str, Any], config: dict[str, Any], size: tuple[int, int], dark: bool
) -> None:
    with watched(browser, stack.url, size=size, dark=dark) as here:
        page = here.page
        for path, landmark in (
            ("/", "Datasets"),
            (f"/datasets/{dataset['id']}/configs", dataset["name"]),
            (f"/datasets/{dataset['id']}/configs/new", "Create feature config"),
            (f"/configs/{config['id']}/edit", "Tensor preview"),
            (f"/datasets/{dataset['id']}/heatmap", "Heatmap"),
            (f"/datasets/{dataset['id']}/compare", "Compare"),
            ("/nowhere", "Nothing is here"),
        ):
            page.goto(path)
            page.get_by_role("heading", name=re.compile(re.escape(landmark))).wait_for()
            page.wait_for_load_state("networkidle")
            assert here.inaccessible() == [], path
            assert overflowing(page) <= 0, path


@pytest.mark.parametrize("dark", [False, True])
def test_every_dialog_is_accessible(browser: Browser, stack: Stack, config: dict[str, Any], dark: bool) -> None:
    with watched(browser, stack.url, dark=dark) as here:
        page = here.page
        page.goto(f"/configs/{config['id']}/edit")
        for column, tower in (("UnitPrice", "ProductModel"), ("InvoiceDate", "BuyerModel"), ("Country", "BuyerModel")):
            page.get_by_role("button", name=f"Settings of {column} in {tower}").click()
            page.get_by_role("dialog").wait_for()
            assert here.inaccessible() == [], column
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Add cross feature to BuyerModel").click()
        page.get_by_role("dialog").wait_for()
        assert here.inaccessible() == []


def test_a_config_is_built_by_dragging_and_saved(browser: Browser, stack: Stack, dataset: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        builder(page, dataset, "Blank", "Dragged")
        drag(page, row(page, "CustomerID"), page.locator("[data-tower=buyer] .zone"))
        drag(page, row(page, "StockCode"), page.locator("[data-tower=product] .zone"))
        drag(page, row(page, "Country"), page.locator("[data-tower=buyer] [data-feature=CustomerID]"), down=0.1)
        assert (columns_of(page, "buyer"), columns_of(page, "product")) == (["Country", "CustomerID"], ["StockCode"])
        page.get_by_role("button", name="Save config").click()
        page.get_by_role("table").wait_for()
        row_of_it = page.get_by_role("row").filter(has_text="Dragged")
        saved = stack.get(f"/api/feature-configs/{row_of_it.first.get_attribute('data-config')}/")
        assert [feature["column"] for feature in saved["buyer_model_features"]] == ["Country", "CustomerID"]
        expect(row_of_it.first).to_contain_text(f"{saved['buyer_tensor_dim']}D")


def test_keys_do_what_dragging_does_and_every_step_can_be_undone(
    browser: Browser, stack: Stack, dataset: dict[str, Any]
) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        builder(page, dataset, "Blank", "By keys")
        for column, key in (("CustomerID", "b"), ("Country", "b"), ("StockCode", "p")):
            row(page, column).get_by_role("button").first.focus()
            page.keyboard.press(key)
        page.locator("[data-tower=buyer] [data-feature=Country] .name").focus()
        page.keyboard.press("Alt+ArrowUp")
        assert columns_of(page, "buyer") == ["Country", "CustomerID"]
        page.locator("[data-tower=buyer] [data-feature=Country] .name").focus()
        page.keyboard.press("p")
        assert (columns_of(page, "buyer"), columns_of(page, "product")) == (["CustomerID"], ["StockCode", "Country"])
        expect(page.locator("[data-tower=product] [data-feature=Country] .name")).to_be_focused()
        page.keyboard.press("Delete")
        expect(page.locator("[data-tower=product] [data-feature=StockCode] .name")).to_be_focused()
        for _ in range(6):
            page.keyboard.press("Control+z")
        assert (columns_of(page, "buyer"), columns_of(page, "product")) == ([], [])
        for _ in range(6):
            page.keyboard.press("Control+Shift+z")
        assert (columns_of(page, "buyer"), columns_of(page, "product")) == (["CustomerID"], ["StockCode"])
        for _ in range(6):
            page.keyboard.press("Control+z")


def test_dimensions_are_shown_at_once_and_are_the_apis(browser: Browser, stack: Stack, config: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        page.goto(f"/configs/{config['id']}/edit")
        page.get_by_role("button", name="Settings of InvoiceDate in BuyerModel").click()
        page.get_by_role("checkbox", name="Bucketize + embed").check()
        page.get_by_label("Embedding dimension").fill("24")
        page.get_by_role("button", name="Apply").click()
        total = page.locator("[data-total=buyer]")
        expect(total).to_have_text(f"{config['buyer_tensor_dim'] + 24}D")
        page.get_by_role("button", name="Save config").click()
        page.get_by_role("table").wait_for()
        saved = stack.get(f"/api/feature-configs/{config['id']}/")
        assert (saved["version"], saved["buyer_tensor_dim"]) == (2, config["buyer_tensor_dim"] + 24)


def test_a_setting_out_of_its_range_cannot_be_applied_and_says_why(
    browser: Browser, stack: Stack, config: dict[str, Any]
) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        page.goto(f"/configs/{config['id']}/edit")
        page.get_by_role("button", name="Settings of Country in BuyerModel").click()
        page.get_by_label("Embedding dimension").fill("3")
        expect(page.get_by_role("button", name="Apply")).to_be_disabled()
        expect(page.get_by_role("status").filter(has_text="a whole number from 4 to 256")).to_be_visible()


def test_a_new_transform_needs_no_code_of_the_page(browser: Browser, stack: Stack, config: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        page.goto(f"/configs/{config['id']}/edit")
        for kind, setting in (("hashing", "Hash buckets"), ("multi_hot", "Separator")):
            page.get_by_role("button", name="Settings of Country in BuyerModel").click()
            page.get_by_label("Transform type").select_option(kind)
            expect(page.get_by_label(setting)).to_be_visible()
            page.get_by_role("button", name="Apply").click()
        expect(page.locator("[data-tower=buyer] [data-feature=Country]")).to_contain_text("Tags embedding")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")


def test_a_quick_test_is_started_and_watched_to_its_end(browser: Browser, stack: Stack, config: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        page.goto(f"/configs/{config['id']}/quick-test")
        page.get_by_label("Data sample").select_option("100")
        page.get_by_label("Epochs").select_option("1")
        expect(page.get_by_text("it runs on this machine")).to_be_visible()
        assert here.inaccessible() == []
        page.get_by_role("button", name="Start quick test").click()
        expect(page.locator("[data-stage=ExampleGen]")).to_be_visible()
        assert here.inaccessible() == []
        expect(page).to_have_title(re.compile(r"\d+% .+ · Towerlab"))
        expect(page.get_by_role("heading", name="Metrics")).to_be_visible(timeout=240_000)
        expect(page.get_by_role("row", name=re.compile("^Recall@100"))).to_be_visible()
        expect(page.get_by_role("heading", name="What it recommends")).to_be_visible()
        assert here.inaccessible() == []
        expect(page).to_have_title("Completed · Towerlab")


def test_hostile_names_break_no_screen(browser: Browser, stack: Stack, dataset: dict[str, Any]) -> None:
    made = stack.post(
        f"/api/datasets/{dataset['id']}/feature-configs/", {"name": HOSTILE, "start_from": {"kind": "smart_defaults"}}
    )
    for size in (WIDE, NARROW):
        with watched(browser, stack.url, size=size) as here:
            here.page.goto(f"/datasets/{dataset['id']}/configs?q=onerror")
            expect(here.page.get_by_role("link", name=re.compile("onerror=alert"))).to_be_visible()
            assert overflowing(here.page) <= 0
            here.page.goto(f"/configs/{made['id']}/edit")
            here.page.get_by_role("heading", name="Tensor preview").wait_for()
            assert overflowing(here.page) <= 0


def test_the_list_is_found_by_its_address_and_a_deletion_is_undone(
    browser: Browser, stack: Stack, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    with watched(browser, stack.url) as here:
        page = here.page
        page.goto(f"/datasets/{dataset['id']}/configs?sort=name")
        page.get_by_label("Find a config").fill(config["name"])
        line = page.locator(f"[data-config='{config['id']}']")
        expect(page).to_have_url(re.compile("q=test_the_list"))
        expect(page.get_by_role("row")).to_have_count(2)
        line.get_by_role("button", name="Actions for").click()
        page.get_by_role("menuitem", name="Delete").click()
        expect(line).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(line).to_have_count(1)


def test_the_api_out_of_reach_is_said_with_a_way_on(browser: Browser, stack: Stack, dataset: dict[str, Any]) -> None:
    with watched(browser, stack.url) as here:
        here.allow("Failed to load resource")
        page = here.page
        page.route("**/api/datasets/*/feature-configs/**", lambda route: route.abort())
        page.goto(f"/datasets/{dataset['id']}/configs")
        expect(page.get_by_role("alert")).to_contain_text("Configs could not be loaded.")
        page.unroute("**/api/datasets/*/feature-configs/**")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name=re.compile(re.escape(dataset["name"])))).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
