FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY public /usr/share/nginx/html
EXPOSE 8080
