# The portal for production: `docker build -t diglit .`. One image serves the web, the worker and commands.

FROM node:24-bookworm-slim AS front
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
COPY --from=front /build/node_modules node_modules
RUN .venv/bin/flask --app wsgi build-static && rm -rf node_modules var

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /data diglit
WORKDIR /app
COPY --from=packages /app /app
ENV APP_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER diglit
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# Migrates, then serves the web and runs a worker, and starts again what dies.
CMD ["python", "-m", "app.cli.serve"]
