FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package api

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/api /api
CMD ["/api"]
