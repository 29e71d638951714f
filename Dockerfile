# docker build -t hubbub .
# docker run -p 8000:8000 -v hubbub:/data hubbub
FROM python:3.13-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --wheel-dir /wheels "/source[oidc,passkeys]"

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "hubbub[oidc,passkeys]" \
    && useradd --system --uid 10001 --no-create-home hubbub \
    && install -d -o hubbub -g hubbub -m 0700 /data
USER hubbub
VOLUME /data
EXPOSE 8000
ENV HUBBUB_HOST=0.0.0.0 HUBBUB_DATA=/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# `hubbub` is told to stop itself, and has drain_s and 18 seconds: docker run --stop-timeout 35
STOPSIGNAL SIGTERM
ENTRYPOINT ["hubbub"]
