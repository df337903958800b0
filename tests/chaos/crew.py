"""The processes that test_bus.py kills: `crew.py publisher|consumer <folder> <name>`."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from towerlab.adapters.clock import SystemClock
from towerlab.adapters.documents_sqlite import SqliteDocuments
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.events.envelope import Event
from towerlab.ports.documents import Key, Put
from towerlab.runtime.wiring_local import embedded_bus

ONE_IN = 10  # deliveries that a consumer refuses


def publish(file: SqliteFile, log: int, name: str) -> None:
    documents = SqliteDocuments(file, SystemClock(), {})
    for number in range(10**9):
        id = f"{name}-{number}"
        told = Event(id, "quick-test.requested", "/chaos", datetime.now(UTC), id, {"test_id": id})
        documents.commit([Put(Key("thing", id), {"n": number}, None)], [told])
        os.write(log, f"{id}\n".encode())
        time.sleep(0.002)


def consume(file: SqliteFile, log: int) -> None:
    bus = embedded_bus(file, SystemClock(), lambda: SqliteDocuments(file, SystemClock(), {}))
    (settings,) = bus.subscriptions()
    while True:
        leases = bus.lease(settings, 3)
        for lease in leases:
            if random.randrange(ONE_IN) == 0:
                bus.nack(lease, "not now")
                continue
            os.write(log, f"{lease.event.id}\n".encode())
            bus.ack(lease)
        if not leases:
            time.sleep(0.01)


def main(role: str, folder: str, name: str) -> None:
    file = SqliteFile(Path(folder) / "towerlab.db")
    log = os.open(Path(folder) / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if role == "publisher":
        publish(file, log, name)
    else:
        consume(file, log)


if __name__ == "__main__":
    main(*sys.argv[1:])
