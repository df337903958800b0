"""A real Chromium over the page: whatever its console, its policy or an unhandled rejection says fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.stacks import REPOSITORY

AXE = REPOSITORY / "services" / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDE, NARROW = (1440, 900), (390, 844)
_VIOLATIONS = """
window.policyViolations = []
document.addEventListener('securitypolicyviolation', (event) =>
  window.policyViolations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`))
window.addEventListener('unhandledrejection', (event) => window.policyViolations.push(`unhandled ${event.reason}`))
"""
_JUDGE = """(rules) => axe.run(document, {runOnly: rules}).then((found) => found.violations.map(
  (violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).slice(0, 4).join(' | ')}`))"""


def chromium() -> str | None:
    """The browser of this machine: CHROMIUM, or what is installed."""
    names = (os.environ.get("CHROMIUM") or "", "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@contextmanager
def started(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page under watch; `faults` is what it has said so far."""

    def __init__(self, context: BrowserContext) -> None:
        self.told: list[str] = []
        self.allowed: tuple[str, ...] = ()
        context.add_init_script(_VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.told.append(f"error: {error}"))

    def allow(self, *parts: str) -> None:
        """Let the console say what the test brings about, such as 'status of 412'."""
        self.allowed = parts

    def faults(self) -> list[str]:
        blocked: list[str] = self.page.evaluate("window.policyViolations ?? []")
        return [line for line in (*self.told, *blocked) if not any(part in line for part in self.allowed)]

    def inaccessible(self) -> list[str]:
        """What axe finds in the page as it is now."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found: list[str] = self.page.evaluate(_JUDGE, list(RULES))
        return found

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.told.append(f"{kind}: {text}")


@contextmanager
def watched(browser: Browser, url: str, *, size: tuple[int, int] = WIDE, dark: bool = False) -> Iterator[Watched]:
    """A fresh page of `url`'s stack; leaving the block fails when it has said anything."""
    options: Mapping[str, Any] = {
        "viewport": {"width": size[0], "height": size[1]},
        "color_scheme": "dark" if dark else "light",
        "reduced_motion": "reduce",
        "base_url": url,
        "locale": "en-GB",
        "timezone_id": "Europe/Warsaw",
    }
    context = browser.new_context(**options)
    held = Watched(context)
    try:
        yield held
        assert held.faults() == []
    finally:
        context.close()


def overflowing(page: Page) -> int:
    """By how many pixels the page can be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def shot(page: Page, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"))
