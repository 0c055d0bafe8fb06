FROM python:3.13-slim-trixie AS build
RUN python -m venv /opt/tool && /opt/tool/bin/pip install --no-cache-dir pipenv==2026.10.3
ENV PIPENV_VENV_IN_PROJECT=1
WORKDIR /app
COPY Pipfile Pipfile.lock ./
RUN /opt/tool/bin/pipenv install --deploy

FROM python:3.13-slim-trixie
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY server.py .
ENV PATH=/app/.venv/bin:$PATH
USER 10001:10001
CMD ["hypercorn", "server:app", "--bind", "0.0.0.0:8000"]
