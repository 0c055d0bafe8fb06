FROM debian:trixie-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ghc cabal-install gcc libc6-dev libgmp-dev binutils \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
CMD ["ghci"]
