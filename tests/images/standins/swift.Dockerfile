# The official one is Ubuntu, whose C library is no newer than that of Debian trixie either.
FROM debian:trixie-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends swiftlang libc6-dev g++ \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
CMD ["swift"]
