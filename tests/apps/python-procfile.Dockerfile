FROM python:3.13-slim-trixie AS build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt

FROM python:3.13-slim-trixie
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=build /venv /venv
COPY site_app.py jobs.py ./
USER 10001:10001
EXPOSE 8000
CMD ["sh", "-c", "exec waitress-serve --listen=*:${PORT:-8000} site_app:app"]
