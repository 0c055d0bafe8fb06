# As the official one: Deno in /usr/bin, tini as the entry point, modules in /deno-dir.
FROM node:24.21-bookworm-slim AS fetch
LABEL org.byop.stage=true
ARG VERSION
WORKDIR /fetch
RUN npm pack --silent "@deno/linux-x64-glibc@$VERSION" && tar -xzf ./*.tgz && chmod +x package/deno

FROM debian:trixie-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends tini \
 && cp /usr/bin/tini-static /tini && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 1993 --user-group deno && mkdir /deno-dir && chown deno:deno /deno-dir
ENV DENO_DIR=/deno-dir/ DENO_INSTALL_ROOT=/usr/local DENO_CERT=/etc/ssl/certs/ca-certificates.crt
COPY --from=fetch /fetch/package/deno /usr/bin/deno
COPY deno-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["/tini", "--", "docker-entrypoint.sh"]
CMD ["eval", "console.log('Welcome to Deno!')"]
