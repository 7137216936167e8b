# The vLLM server on an NVIDIA GPU. Build from the project's root:
#   docker build -f docker/gpu.Dockerfile -t rasg-vllm:0.1.0 .
# The wheels carry CUDA's libraries; the driver comes from the host (NVIDIA container toolkit).
FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 \
    VIRTUAL_ENV=/srv/vllm/.venv

WORKDIR /srv/vllm
RUN python -m venv "$VIRTUAL_ENV" && "$VIRTUAL_ENV/bin/pip" install uv==0.13.8

# The pins were compiled with requirements/overrides.txt, so they are installed without resolving again.
COPY requirements/engine-gpu.txt requirements/
RUN "$VIRTUAL_ENV/bin/uv" pip install --no-deps -r requirements/engine-gpu.txt


FROM python:3.11.14-slim-bookworm

# Triton compiles its kernels when they are first run.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc=4:12.2.0-3 libc6-dev=2.36-9+deb12u* \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 rasg \
    && useradd --no-log-init --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin rasg \
    # A volume mounted here takes over the owner.
    && install -d -o rasg -g rasg /home/rasg/.cache

COPY --from=build /srv/vllm /srv/vllm

ENV PATH=/srv/vllm/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    VLLM_NO_USAGE_STATS=1 \
    DO_NOT_TRACK=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

USER 10001:10001
WORKDIR /home/rasg
EXPOSE 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=600s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8001/health', timeout=4)"]
# The key is read from VLLM_API_KEY. Only `guidance` keeps every bound of our grammars, so it is never `auto`;
# --shutdown-timeout lets requests in flight finish.
ENTRYPOINT ["python", "-m", "vllm.entrypoints.openai.api_server", \
    "--host", "0.0.0.0", "--port", "8001", \
    "--structured-outputs-config", "{\"backend\": \"guidance\", \"disable_any_whitespace\": true}", \
    "--generation-config", "vllm", \
    "--shutdown-timeout", "30", \
    "--uvicorn-log-level", "warning", "--disable-uvicorn-access-log"]
CMD ["--model", "/models/llm", "--served-model-name", "rasg"]
