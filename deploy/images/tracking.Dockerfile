# syntax=docker/dockerfile:1
# The MLflow tracking server. Its database, files and host names come from the environment (MLFLOW_BACKEND_STORE_URI,
# MLFLOW_ARTIFACTS_DESTINATION, MLFLOW_SERVER_ALLOWED_HOSTS); deploy/terraform/modules/tracking sets them.
#   docker build -f deploy/images/tracking.Dockerfile --build-arg PYTHON_DIGEST=sha256:... .
ARG PYTHON=3.11.14-slim-bookworm
ARG PYTHON_DIGEST

FROM python:${PYTHON}@${PYTHON_DIGEST} AS packages
COPY locks/tracking.txt /locks/tracking.txt
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --only-binary=:all: --require-hashes \
      --compile -r /locks/tracking.txt

FROM python:${PYTHON}@${PYTHON_DIGEST} AS tracking
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp PORT=8080 \
    MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
WORKDIR /tmp
COPY --from=packages /venv /venv
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "8080", "--workers", "1"]
