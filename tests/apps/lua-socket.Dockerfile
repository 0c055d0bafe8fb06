FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends lua5.4 lua-cjson lua-socket \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY main.lua pages.lua ./
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["lua5.4", "main.lua"]
