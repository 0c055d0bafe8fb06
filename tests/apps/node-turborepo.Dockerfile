FROM node:24.21-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json turbo.json ./
COPY apps/api/package.json ./apps/api/
COPY apps/site/package.json ./apps/site/
COPY packages/prices/package.json ./packages/prices/
RUN npm ci
COPY . .
RUN npx turbo run build --filter=api && npm prune --omit=dev

FROM node:24.21-bookworm-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/packages/prices ./packages/prices
COPY --from=build /app/apps/api ./apps/api
WORKDIR /app/apps/api
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
