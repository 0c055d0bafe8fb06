FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY . /usr/share/nginx/html
EXPOSE 8080
