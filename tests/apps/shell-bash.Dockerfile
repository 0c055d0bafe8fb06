FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends socat \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["bash", "start.sh"]
