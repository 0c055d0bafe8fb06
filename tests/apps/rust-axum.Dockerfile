FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/rust-axum

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/rust-axum /server
EXPOSE 8080
ENTRYPOINT ["/server"]
