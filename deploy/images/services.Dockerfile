# syntax=docker/dockerfile:1
# The image of one service. Build it from the repository's root, with the digest of the base (how to find it: README):
#   docker build -f deploy/images/services.Dockerfile --build-arg PYTHON_DIGEST=sha256:... --build-arg SERVICE=codegen .
ARG PYTHON=3.11.14-slim-bookworm
ARG PYTHON_DIGEST
ARG SERVICE

FROM python:${PYTHON}@${PYTHON_DIGEST} AS packages
COPY locks/services.txt /locks/services.txt
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --only-binary=:all: --require-hashes \
      --compile -r /locks/services.txt

FROM python:${PYTHON}@${PYTHON_DIGEST} AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONPATH=/app HOME=/tmp PORT=8080
WORKDIR /app
COPY --from=packages /venv /venv
COPY deploy/images/gunicorn.conf.py gunicorn.conf.py
COPY shared/towerlab towerlab

# The page, built with the same Node as everywhere
FROM python:${PYTHON}@${PYTHON_DIGEST} AS page
WORKDIR /web
COPY locks/web.txt /locks/web.txt
RUN python -m venv --without-pip /node \
 && python -m pip --python /node/bin/python install --no-cache-dir --no-deps --only-binary=:all: --require-hashes \
      -r /locks/web.txt
ENV PATH=/node/bin:$PATH
COPY services/web/package.json package.json
COPY services/web/package-lock.json package-lock.json
COPY services/web/.npmrc .npmrc
RUN npm ci --silent
COPY services/web .
RUN npm run --silent types && npm run --silent build

FROM base AS config-api
ENV APP="config_api.app:create_internal()" TOWERLAB_PIPELINE_LOCK=/app/pipeline-lock.txt TOWERLAB_PAGE=/app/page
COPY locks/pipeline.txt pipeline-lock.txt
COPY services/config-api/config_api config_api
COPY --from=page /web/dist page

FROM base AS codegen
ENV APP="codegen.app:create()"
COPY services/codegen/codegen codegen

FROM base AS quicktest-orchestrator
ENV APP="quicktest_orchestrator.app:create()" TOWERLAB_PIPELINE_TEMPLATE=/app/quick_test.json
COPY services/quicktest-orchestrator/pipeline/quick_test.json quick_test.json
COPY services/quicktest-orchestrator/quicktest_orchestrator quicktest_orchestrator

FROM base AS metrics-collector
ENV APP="metrics_collector.app:create()" TOWERLAB_PIPELINE_TEMPLATE=/app/quick_test.json
COPY services/quicktest-orchestrator/pipeline/quick_test.json quick_test.json
COPY services/metrics-collector/metrics_collector metrics_collector

FROM ${SERVICE} AS service
RUN python -m compileall -q /app
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["gunicorn", "--config", "/app/gunicorn.conf.py"]
