# npm fetches the program; the official image has the same paths and users.
FROM node:24.21-bookworm-slim AS fetch
LABEL org.byop.stage=true
ARG VERSION
WORKDIR /fetch
RUN case $(node -p process.arch) in arm64) name=@oven/bun-linux-aarch64 ;; *) name=@oven/bun-linux-x64 ;; esac \
 && npm pack --silent "$name@$VERSION" && tar -xzf ./*.tgz && chmod +x package/bin/bun

FROM debian:bookworm-slim
RUN groupadd --gid 1000 bun && useradd --uid 1000 --gid bun --shell /bin/sh --create-home bun
COPY --from=fetch /fetch/package/bin/bun /usr/local/bin/bun
COPY node-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
# Scripts that ask for node get bun, after anything else of that name.
RUN sed -i 's/node /bun /g' /usr/local/bin/docker-entrypoint.sh && ln -s bun /usr/local/bin/bunx \
 && mkdir -p /usr/local/bun-node-fallback-bin && ln -s /usr/local/bin/bun /usr/local/bun-node-fallback-bin/node
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bun-node-fallback-bin \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt BUN_CONFIG_HTTP_IDLE_TIMEOUT=15
WORKDIR /home/bun/app
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["bun"]
