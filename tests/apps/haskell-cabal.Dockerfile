FROM haskell:9.6-slim-bullseye AS build
ENV CABAL_CONFIG=/dev/null
WORKDIR /src
COPY . .
RUN cabal build --offline exe:greeter && mkdir /out && cp "$(cabal list-bin exe:greeter)" /out/ && strip /out/greeter

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libffi8 libgmp10 libnuma1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/greeter /app/greeter
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/greeter"]
