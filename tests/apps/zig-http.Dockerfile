FROM python:3.13-slim-trixie AS build
RUN pip install --no-cache-dir ziglang==0.15.2
WORKDIR /src
COPY . .
RUN --mount=type=cache,id=t-zig-http-zig,target=/root/.cache/zig \
    python -m ziglang build -Doptimize=ReleaseSafe -Dtarget=native-linux-musl -Dcpu=baseline --prefix /out

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=busybox:1.37-musl /bin/busybox /bin/wget
COPY --from=build /out/bin/greeter /app/greeter
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
HEALTHCHECK CMD ["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
CMD ["/app/greeter"]
