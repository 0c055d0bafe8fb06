FROM python:3.13-slim-trixie AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements.txt .
RUN .venv/bin/pip install --no-cache-dir -r requirements.txt
COPY . .
RUN SECRET_KEY=build .venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim-trixie
WORKDIR /app
COPY --from=build /app .
ENV PATH=/app/.venv/bin:$PATH
USER 10001:10001
CMD ["gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:8000"]
