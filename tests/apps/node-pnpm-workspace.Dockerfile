FROM node:24.21-bookworm-slim AS base
RUN npm install --global pnpm@9.15.9 && npm cache clean --force
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY apps/admin/package.json ./apps/admin/
COPY apps/web/package.json ./apps/web/
COPY packages/money/package.json ./packages/money/

FROM base AS dependencies
RUN pnpm install --frozen-lockfile --prod --filter @orders/web...

FROM base AS build
RUN pnpm install --frozen-lockfile --filter @orders/web...
COPY . .
RUN pnpm --filter @orders/web... run build

FROM node:24.21-bookworm-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=build /app/packages/money/dist ./packages/money/dist
COPY --from=build /app/apps/web/dist ./apps/web/dist
WORKDIR /app/apps/web
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
