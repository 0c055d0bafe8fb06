FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ meson ninja-build \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN meson setup /build --buildtype=release --strip && meson install -C /build --destdir /out

FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /out/usr/local/bin/greeter /app/greeter
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/greeter"]
