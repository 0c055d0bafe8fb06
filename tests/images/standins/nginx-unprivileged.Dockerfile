FROM debian:trixie-slim
RUN groupadd --gid 101 nginx \
 && useradd --uid 101 --gid nginx --no-create-home --home-dir /nonexistent --shell /bin/false nginx \
 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends nginx-light busybox-static \
 && ln -s /bin/busybox /usr/bin/wget \
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/nginx/sites-* /etc/nginx/modules-enabled /var/www \
 && chown -R 101 /etc/nginx/conf.d
COPY nginx.conf /etc/nginx/nginx.conf
COPY nginx-default.conf /etc/nginx/conf.d/default.conf
EXPOSE 8080
STOPSIGNAL SIGQUIT
USER 101
CMD ["nginx", "-g", "daemon off;"]
