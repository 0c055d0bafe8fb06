# The real ones are unpacked Debian packages too.
ARG SUITE=bookworm
FROM debian:${SUITE}-slim AS unpack
LABEL org.byop.stage=true
ARG SSL=libssl3
WORKDIR /deb
RUN apt-get update -qq \
 && apt-get download -qq base-files netbase tzdata libc6 "$SSL" libgcc-s1 libstdc++6 libgomp1 \
 && mkdir /static /cc \
 && for deb in base-files netbase tzdata; do dpkg -x "$deb"_*.deb /static; done \
 && for deb in lib*.deb; do dpkg -x "$deb" /cc; done \
 && rm -rf /static/usr/share/doc /static/usr/share/man /cc/usr/share
RUN mkdir -p /static/tmp /static/home /static/etc/ssl/certs && chmod 1777 /static/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /static/etc/ssl/certs/ \
 && printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin \
      nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin >/static/etc/passwd \
 && printf '%s\n' root:x:0: nobody:x:65534: tty:x:5: staff:x:50: nonroot:x:65532: >/static/etc/group \
 && echo 'hosts: files dns' >/static/etc/nsswitch.conf && mkdir /nonroot

FROM scratch AS static
COPY --from=unpack /static /
COPY --from=unpack --chown=65532:65532 /nonroot /home/nonroot
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot

FROM static AS cc
COPY --from=unpack /cc /
