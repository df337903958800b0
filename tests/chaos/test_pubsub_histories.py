"""Whatever Pub/Sub makes of a history (twice, late, in another order), the same documents come of it.

Real services, pushed to by Google's emulator, beside the same services that were given every event once and in order.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from codegen.app import create as codegen
from config_api.app import create_internal as config_api
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from metrics_collector.app import create as collector
from quicktest_orchestrator.app import create as orchestrator
from towerlab.adapters.bus_pubsub import PubsubBus
from towerlab.adapters.clock import SortableIds
from towerlab.adapters.pubsub_subscriptions import Sender
from towerlab.events.catalog import CATALOG, CODEGEN, COLLECTOR, CONFIG_API, ORCHESTRATOR
from towerlab.events.codec import decode, event_of_push
from towerlab.events.envelope import Event
from towerlab.ports.pipelines import JobState
from towerlab.runtime.subscriptions import subscriptions

from tests.cloud import emulators
from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.place import pass_on
from tests.unit.worlds import TOKEN, World

SERVICES = {CODEGEN: codegen, CONFIG_API: config_api, COLLECTOR: collector, ORCHESTRATOR: orchestrator}
TESTS = ("t1", "t2", "t3")  # t3 is cancelled, by whoever wins
COMPARED = ("config", "config_version", "config_summary", "quick_test", "code", "result", "config_best", "dead_letter")
SETTLED_WITHIN = 60.0  # seconds


class Fate(StrEnum):
    """What becomes of one push."""

    TAKEN = "taken"
    TWICE = "taken twice"
    UNHEARD = "taken, and the answer is lost: it comes again"
    LATE = "not taken: it comes again, after others"
