FROM golang:1.27-bookworm AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/web ./cmd/web

FROM gcr.io/distroless/static-debian12:nonroot
WORKDIR /app
COPY templates templates
COPY --from=build /out/web /app/web
CMD ["/app/web"]
