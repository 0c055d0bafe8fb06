FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN pelican content --settings pelicanconf.py --output output

FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY --from=build /src/output /usr/share/nginx/html
