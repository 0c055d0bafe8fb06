FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake g++ libsqlite3-dev ninja-build \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release && cmake --build /build && strip /build/src/shop

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsqlite3-0 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY public public
COPY --from=build /build/src/shop /app/shop
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/shop"]
