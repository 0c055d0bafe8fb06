FROM node:24.21-bookworm-slim AS build
RUN npm install --global --force @yarnpkg/cli-dist@4.18.1 && npm cache clean --force
WORKDIR /app
COPY package.json yarn.lock .yarnrc.yml ./
RUN yarn install --immutable
COPY . .
RUN yarn run build && yarn workspaces focus --all --production

FROM node:24.21-bookworm-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
