FROM swift:6.0-noble AS build
WORKDIR /src
COPY . .
RUN swift build -c release --static-swift-stdlib && strip .build/release/Greeter

FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /src/.build/release/Greeter /app/Greeter
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["/app/Greeter"]
