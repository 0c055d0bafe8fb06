FROM golang:1.27-bookworm AS build
WORKDIR /src
COPY . .
RUN go build -trimpath -ldflags "-s -w" -o /out/app .

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/app /app
CMD ["/app"]
