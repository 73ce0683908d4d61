# syntax=docker/dockerfile:1
# The service without a database: give it WANGGE_DATABASE_URL and WANGGE_MASTER_KEY. compose.yaml shows how.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/wangge \
    && /opt/wangge/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
       -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/wangge --create-home wangge
COPY --from=packages /opt/wangge /opt/wangge
WORKDIR /srv/wangge
COPY alembic.ini LICENSE NOTICE ./
COPY migrations migrations
COPY app app
RUN /opt/wangge/bin/python -m compileall -q app migrations
ENV PATH=/opt/wangge/bin:$PATH PYTHONPATH=/srv/wangge PYTHONUNBUFFERED=1 \
    WANGGE_DATA_DIR=/var/lib/wangge WANGGE_HOST=0.0.0.0 WANGGE_PORT=8000
USER 10001:10001
VOLUME /var/lib/wangge
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"WANGGE_PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
