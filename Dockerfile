# The image of Portico. It holds Node.js, the packages that run, and dist/; it needs no build tools at run time.

# Debian, because `npm run` uses the Node.js that package.json pins, and that one needs glibc.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY client ./client
COPY web ./web
RUN npm run build

# No development packages, and no optional ones: those are the pinned Node.js once more.
FROM node:24-alpine AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional

# Alpine, to stay below 200 MB: about 165 MB with Node.js, and 20 MB of Portico. Debian (node:24-slim) is beyond 200 MB
# before anything is added. No package has native code, so that musl makes no difference to them.
FROM node:24-alpine
LABEL org.opencontainers.image.title="Portico" \
      org.opencontainers.image.description="The single front door of a self-hosted Matrix server" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production

# Everything belongs to root and is read-only for the user that runs it.
WORKDIR /opt/portico
COPY package.json LICENSE ./
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist

# /data is the only place that is ever written, so that the root file system may be read-only.
RUN mkdir /data && chown node:node /data
VOLUME /data

# The working directory, from which relative paths start: the configuration is /config/portico.yaml, if there is one.
WORKDIR /

# The user `node`, by number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM

# Asks the operator's listener, because `listen` may be anything. With another `observe.listen`, change the port here too.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9300/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# Arguments are those of `portico`: `check`, `--config FILE`, `--help`.
# Left alone, Node.js lets its young generation grow by tens of MiB under load and does not give them back.
ENTRYPOINT ["node", "--max-semi-space-size=16", "/opt/portico/dist/main.js"]
