# One image for all processes; the command chooses which (see Procfile).
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project --compile-bytecode

FROM python:3.11-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=0
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
RUN useradd --system --uid 10001 eazynova && mkdir -p var \
    && python manage.py collectstatic --noinput --verbosity 0 && chown -R eazynova var
USER eazynova
EXPOSE 8000
CMD ["gunicorn", "eazynova_site.wsgi"]
