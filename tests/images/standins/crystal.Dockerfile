# The official one is Alpine with static libraries. Debian's libraries come with static forms too; only its OpenSSL
# needs libraries of its own, which have to be named for a static link.
FROM debian:trixie-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends crystal shards gcc libc6-dev libgc-dev libevent-dev libpcre2-dev \
      libssl-dev libzstd-dev zlib1g-dev libyaml-dev libxml2-dev libgmp-dev make git pkg-config \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && sed -i 's/-lcrypto$/-lcrypto -lzstd -lz/' /usr/lib/*/pkgconfig/libcrypto.pc
CMD ["/bin/sh"]
