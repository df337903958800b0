# syntax=docker/dockerfile:1
# The image of every task of the quick test pipeline. It has no entry point: the compiled job names each container's
# command (python -m tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor), and Vertex AI runs that.
#   docker build -f deploy/images/pipeline.Dockerfile --build-arg PYTHON_DIGEST=sha256:... .
ARG PYTHON=3.11.14-slim-bookworm
ARG PYTHON_DIGEST

FROM python:${PYTHON}@${PYTHON_DIGEST} AS packages
COPY locks/pipeline.txt /locks/pipeline.txt
# a pip of its own, because TFX packs a module_file with `python -m pip`
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes --compile -r /locks/pipeline.txt

FROM python:${PYTHON}@${PYTHON_DIGEST} AS pipeline
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONPATH=/app HOME=/tmp TF_USE_LEGACY_KERAS=1 TF_CPP_MIN_LOG_LEVEL=1
WORKDIR /app
COPY --from=packages /venv /venv
COPY shared/towerlab towerlab
COPY services/quicktest-orchestrator/pipeline pipeline
RUN python -m compileall -q /app
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
