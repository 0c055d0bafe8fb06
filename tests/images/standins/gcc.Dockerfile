# What the golang and rust images have of a C toolchain.
ARG SUITE=bookworm
FROM debian:${SUITE}-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
