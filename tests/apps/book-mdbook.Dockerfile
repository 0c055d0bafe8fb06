FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends mdbook && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN mdbook build

FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY --from=build /src/book /usr/share/nginx/html
