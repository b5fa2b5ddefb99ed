FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/livefeed \
 && /opt/livefeed/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY . .
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/livefeed/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home livefeed \
 && install -d -o livefeed -g livefeed -m 0700 /data
COPY --from=build /opt/livefeed /opt/livefeed
ENV LIVEFEED_HOST=0.0.0.0 LIVEFEED_PORT=8000 LIVEFEED_DATA_DIR=/data PYTHONDONTWRITEBYTECODE=1
USER livefeed
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["/opt/livefeed/bin/livefeed"]
CMD ["serve"]
