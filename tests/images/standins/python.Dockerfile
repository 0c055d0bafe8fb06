# The interpreter is Debian's. A virtual environment laid over /usr/local gives it the paths and
# the pip behaviour of the official image: /usr/local/bin/python, lib/python3.x/site-packages.
ARG SUITE=trixie
FROM debian:${SUITE}-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 python3-venv \
 && python3 -m venv --system-site-packages /usr/local \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/local/lib64
ENV LANG=C.UTF-8 \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    PIP_RETRIES=10 PIP_DEFAULT_TIMEOUT=10 UV_HTTP_TIMEOUT=10
CMD ["python3"]
