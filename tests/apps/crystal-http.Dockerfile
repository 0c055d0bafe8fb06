FROM crystallang/crystal:1.14-alpine AS build
WORKDIR /src
COPY . .
RUN mkdir -p /out && crystal build --release --no-debug --static -o /out/greeter src/greeter.cr

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/greeter /app/greeter
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/greeter"]
