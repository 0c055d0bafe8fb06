# Ruby and Bundler are Debian's, under the paths and settings of the official image.
ARG SUITE=bookworm
FROM debian:${SUITE}-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ruby ruby-bundler \
 && for name in ruby gem bundle bundler rake irb; do ln -s "/usr/bin/$name" "/usr/local/bin/$name"; done \
 && mkdir -p /usr/local/bundle && chmod 1777 /usr/local/bundle \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV LANG=C.UTF-8 GEM_HOME=/usr/local/bundle BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_APP_CONFIG=/usr/local/bundle \
    PATH=/usr/local/bundle/bin:$PATH
CMD ["irb"]
