"""A warm process: imports TensorFlow and TFX once and forks one child per task.

`python -m pipeline.zygote <pid of the runner>` reads one JSON request a line, {argv, env, log, folder}, and answers
{"ready": true} once, {"pid": n} per request and {"pid": n, "exit": code, "peak_memory_mb": m, "cpu_seconds": s} when
that child has ended. No TensorFlow operation runs before a fork: its threads would not survive it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from pipeline.lifeline import die_with_parent

EXECUTOR_MODULE = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
WARM_MODULES = (
    "duckdb",
    "pyarrow.parquet",
    "tensorflow_recommenders",
    "tfx_bsl.public.tfxio",
    "tfx.components.schema_gen.executor",
    EXECUTOR_MODULE,
    "pipeline.example_gen",
    "pipeline.statistics_gen",
    "pipeline.transform",
    "pipeline.trainer",
)


def main() -> None:
    die_with_parent(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever an import prints must not look like an answer
    _import_everything()
    _say(answers, ready=True)
    for line in sys.stdin:
        request = json.loads(line)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            _run_child(request, parent)
        _say(answers, pid=pid)
        _, status, used = os.wait4(pid, 0)
        peak, seconds = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
        code = os.waitstatus_to_exitcode(status)
        _say(answers, pid=pid, exit=code, peak_memory_mb=round(peak, 1), cpu_seconds=round(seconds, 2))


def _import_everything() -> None:
    import tensorflow as tf

    for name in WARM_MODULES:
        importlib.import_module(name)
    _ = tf.keras.layers.Embedding  # Keras is imported when it is first used
    gc.collect()
    gc.freeze()


def _say(answers: Any, **answer: Any) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _run_child(request: dict[str, Any], parent: int) -> NoReturn:
    """Become the task: a process group of its own, its environment, its log; then run and exit."""
    code = 1
    try:
        os.setsid()
        die_with_parent(parent)
        _redirect(request["log"])
        os.environ.clear()
        os.environ.update(request["env"])
        tempfile.tempdir = None  # an import may have asked for it already
        os.chdir(request["folder"])
        code = _run(request["argv"])
    except BaseException:  # noqa: BLE001 - the task's own log says what it was
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _redirect(log: str) -> None:
    file = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(file, 1)
    os.dup2(file, 2)


def _run(argv: list[str]) -> int:
    """Run `python -m <module> <arguments>` in this process; its exit code."""
    from absl import app

    if argv[:2] != ["python", "-m"] or argv[2] != EXECUTOR_MODULE:
        raise ValueError(f"not a command this runner knows: {argv[:3]}")
    module = sys.modules[EXECUTOR_MODULE]
    sys.argv = argv[2:]
    try:
        app.run(module.main, flags_parser=module._parse_flags)
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    return 0


if __name__ == "__main__":
    main()
