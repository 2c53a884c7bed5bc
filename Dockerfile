# PYTHON_DIGEST is @sha256:… in a release (make image DIGEST=…), and empty where any build of the tag will do.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm
ARG PYTHON_DIGEST=

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST} AS build
ARG REVISION=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
# What runs has no pip; only wheels are taken, so nothing that is downloaded is run here.
RUN python -m venv /build \
 && /build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.txt \
 && python -m venv --without-pip /opt/anthropic-exporter \
 && /build/bin/pip --python /opt/anthropic-exporter/bin/python install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY exporter exporter
RUN if [ -n "$REVISION" ]; then echo "$REVISION" > exporter/anthropic_exporter/_revision.txt; fi \
 && /build/bin/python -m hatchling build -t wheel -d /dist \
 && /build/bin/pip --python /opt/anthropic-exporter/bin/python install --no-deps --no-index /dist/*.whl \
 && mkdir /state

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST}
ARG REVISION=
ARG VERSION=
LABEL org.opencontainers.image.title="anthropic-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the Anthropic Admin API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /opt/anthropic-exporter /opt/anthropic-exporter
COPY --from=build --chown=65534:65534 /state /var/lib/anthropic-exporter
ENV PATH=/opt/anthropic-exporter/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ANTHROPIC_EXPORTER_STATE_PATH=/var/lib/anthropic-exporter/state.db
USER 65534:65534
# The only place that is written to; everything else may be read-only.
VOLUME /var/lib/anthropic-exporter
EXPOSE 10114
# Somebody answers, be it with 401, or by hanging up on what is not TLS.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client as h\nc = h.HTTPConnection('127.0.0.1', 10114, timeout=4)\ntry:\n c.request('GET', '/-/healthy')\n c.getresponse()\nexcept (h.HTTPException, ConnectionResetError):\n pass"]
ENTRYPOINT ["anthropic-exporter"]
CMD ["serve"]
