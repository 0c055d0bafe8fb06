FROM denoland/deno:2.9.6
WORKDIR /app
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY . .
RUN deno cache --frozen main.ts
ENV PORT=8000
EXPOSE 8000
USER 10001:10001
CMD ["deno", "task", "start"]
