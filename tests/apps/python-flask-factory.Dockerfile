FROM python:3.13-slim-trixie AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements.txt .
RUN .venv/bin/pip install --no-cache-dir -r requirements.txt gunicorn==27.0.1

FROM python:3.13-slim-trixie
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY notes notes
ENV PATH=/app/.venv/bin:$PATH
USER 10001:10001
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "notes:create_app()"]
