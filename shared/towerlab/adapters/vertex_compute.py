"""What a choice of compute makes of the containers of a PipelineJob: Beam arguments and resources. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from towerlab.adapters.vertex_job import Changes, ContainerChange
from towerlab.domain.compute import Compute, Machine, Place

ON_BEAM = ("StatisticsGen", "Transform")
HOLD_ROWS = ("ExampleGen", "StatisticsGen", "Transform", "Trainer")  # in one process, where they are not on Beam
TRAINER = "Trainer"
SHORTEST_SECONDS = 600  # that Dataflow is given: its workers alone take minutes to start


@dataclass(frozen=True)
class Ground:
    """Where Dataflow runs: the project and region, its workers' image, the pipeline's account, the folder of Cloud
    Storage that it keeps its files in, and the seconds after which a job is taken for lost."""

    project: str
    region: str
    image: str
    account: str
    root: str
    deadline_seconds: int


def changes(compute: Compute, ground: Ground) -> Changes:
    """By task. Nothing in them differs from test to test: Vertex AI compares a task's container before it takes the
    task's outputs from an earlier job."""
    if compute.trainer is None:
        return {}
    dataflow = compute.beam is Place.DATAFLOW
    beam = ContainerChange(args=dataflow_arguments(compute, ground)) if dataflow else ContainerChange()
    held = {task: _machine(task, compute.trainer) for task in HOLD_ROWS if not (dataflow and task in ON_BEAM)}
    return {**(dict.fromkeys(ON_BEAM, beam) if dataflow else {}), **held}


def dataflow_arguments(compute: Compute, ground: Ground) -> tuple[str, ...]:
    """Of a Beam pipeline on Dataflow, whose own files lie beside the jobs'. The image has everything but the generated
    module, which is packed by the task."""
    files = f"{ground.root.rstrip('/')}/dataflow"
    lost = max(ground.deadline_seconds, SHORTEST_SECONDS)
    return (
        "--runner=DataflowRunner",
        f"--project={ground.project}",
        f"--region={ground.region}",
        f"--service_account_email={ground.account}",
        f"--temp_location={files}/temp",
        f"--staging_location={files}/staging",
        f"--sdk_container_image={ground.image}",
        "--sdk_location=container",
        "--experiments=use_runner_v2",
        f"--worker_machine_type={compute.worker_machine}",
        f"--max_num_workers={compute.workers}",
        "--autoscaling_algorithm=THROUGHPUT_BASED",
        f"--dataflow_service_options=max_workflow_runtime_walltime_seconds={lost}",
        "--labels=towerlab=quick-test",
    )


def _machine(task: str, machine: Machine) -> ContainerChange:
    return ContainerChange(resources=resources(machine if task == TRAINER else machine.without_accelerators))


def resources(machine: Machine) -> dict[str, Any]:
    """As a PipelineContainerSpec has them: CPUs, gigabytes, accelerators."""
    limits: dict[str, Any] = {"cpuLimit": float(machine.cpu), "memoryLimit": float(machine.memory_gb)}
    if not machine.accelerators:
        return limits
    return {**limits, "accelerator": {"type": machine.accelerator, "count": str(machine.accelerators)}}
