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
# pg_dump and pg_restore for our own backups: they must be as new as the server, docs/backups.md
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 eazynova && mkdir -p var \
    && python manage.py collectstatic --noinput --verbosity 0 && chown -R eazynova var
USER eazynova
EXPOSE 8000
# of the web server only: workers and beat leave signs of life, which /readyz tells
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD \
    ! grep -q gunicorn /proc/1/cmdline || \
    python -c "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4); c.request('GET', '/healthz', headers={'Host': os.environ.get('ALLOWED_HOSTS', '').split(',')[0].strip().lstrip('.') or 'localhost'}); sys.exit(c.getresponse().status != 200)"
CMD ["gunicorn", "eazynova_site.wsgi"]
