# One image for all processes; the command chooses which (see Procfile).
# Exact versions; whoever builds may add the digest (python:…@sha256:…), which a source cannot promise to keep.
FROM python:3.11.14-slim-trixie AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project --compile-bytecode

FROM python:3.11.14-slim-trixie
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=0
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
# pg_dump and pg_restore for our own backups: they must be as new as the server, docs/backups.md. The base names Debian's
# release; the exact version would be gone with the first correction of a fault.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 eazynova && mkdir -p var/static var/mail var/sandbox \
    && python manage.py collectstatic --noinput --verbosity 0 && chown -R eazynova var
USER 10001
EXPOSE 8000
# of the web server only: workers and beat leave signs of life, which /readyz and compose.yml tell
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["python", "deploy/probe.py", "image"]
CMD ["gunicorn", "eazynova_site.wsgi"]
