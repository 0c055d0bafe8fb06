FROM python:3.13-slim-trixie AS build
WORKDIR /src
RUN pip install --no-cache-dir sphinx==9.0.4 myst-parser==5.2.0
COPY . .
RUN sphinx-build -b html docs _build/html

FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY --from=build /src/_build/html /usr/share/nginx/html
