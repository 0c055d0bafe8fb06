FROM elixir:1.14-otp-26-slim AS build
WORKDIR /src
ENV MIX_ENV=prod
COPY . ./
RUN mix release

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libncurses6 libstdc++6 openssl \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/_build/prod/rel/answer ./
ENV HOME=/tmp LANG=C.UTF-8 RELEASE_TMP=/tmp PORT=4000
USER 10001:10001
EXPOSE 4000
CMD ["bin/answer", "start"]
