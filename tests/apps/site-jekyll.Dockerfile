FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends jekyll ruby-jekyll-sitemap && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN jekyll build

FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY --from=build /src/_site /usr/share/nginx/html
