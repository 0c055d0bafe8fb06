# Elixir is Debian's, and Erlang the one that Debian pairs it with, whatever the tag says of it.
ARG SUITE=bookworm
FROM debian:${SUITE}-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends elixir erlang-base erlang-crypto erlang-dev \
      erlang-inets erlang-parsetools erlang-public-key erlang-ssl erlang-tools \
 && for name in elixir elixirc iex mix; do ln -s "/usr/bin/$name" "/usr/local/bin/$name"; done \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV LANG=C.UTF-8
CMD ["iex"]
