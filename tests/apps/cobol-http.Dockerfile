FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gnucobol3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cobc -x -O2 -o index index.cbl

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcob4t64 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/index /app/index
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/index"]
