FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make LDFLAGS=-s

FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /src/server /app/server
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/server"]
