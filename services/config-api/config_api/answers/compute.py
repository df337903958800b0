"""Answers about where a test runs."""

from __future__ import annotations

from towerlab.domain.compute import Place

from config_api.answers.parts import Answered, choice, one, text, whole


class MachineAnswer(Answered):
    cpu = whole(minimum=1)
    memory_gb = whole(minimum=1)
    accelerator = text(description="One of Vertex AI's types; empty for none", example="NVIDIA_TESLA_T4")
    accelerators = whole(minimum=0)


class ComputeAnswer(Answered):
    beam = choice(tuple(Place), description="Where StatisticsGen and Transform run")
    workers = whole(minimum=0, description="On Dataflow at most")
    worker_machine = text(example="e2-standard-4")
    trainer = one(MachineAnswer)
    reason = text()
