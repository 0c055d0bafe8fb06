ARG SUITE=trixie
FROM debian:${SUITE}-slim AS unpack
LABEL org.byop.stage=true
WORKDIR /deb
RUN apt-get update -qq && apt-get download -qq busybox-static && dpkg -x ./*.deb /deb
WORKDIR /image
RUN mkdir -p bin etc/ssl/certs home root tmp usr/bin var/spool/mail && chmod 1777 tmp \
 && { cp /deb/bin/busybox bin/ 2>/dev/null || cp /deb/usr/bin/busybox bin/; } \
 && for applet in $(bin/busybox --list); do [ -e "bin/$applet" ] || ln -s busybox "bin/$applet"; done \
 && ln -s /bin/env usr/bin/env \
 && printf '%s\n' root:x:0:0:root:/root:/bin/sh www-data:x:33:33::/var/www:/bin/false \
      nobody:x:65534:65534:nobody:/home:/bin/false >etc/passwd \
 && printf '%s\n' root:x:0: www-data:x:33: nobody:x:65534: >etc/group \
 && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/

FROM scratch
COPY --from=unpack /image /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["sh"]
