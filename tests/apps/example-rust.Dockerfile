FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/byop-example-rust

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/byop-example-rust /server
ENV PORT=8080
EXPOSE 8080
ENTRYPOINT ["/server"]
