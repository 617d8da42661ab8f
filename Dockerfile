# syntax=docker/dockerfile:1
# One image, for servers and gateways. What runs are the sources: Node strips the types, so nothing is built.
# deploy/dockerfile.test.ts runs these commands without a container.

FROM node:26.10.0-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages
# Without scripts: nobody's code runs before it is in a process of its own, without rights.
RUN --mount=type=cache,target=/root/.npm ["npm", "ci", "--omit=dev", "--ignore-scripts"]
# A new volume takes over owner and mode of the folder that it covers.
RUN ["install", "-d", "-m", "0700", "/data"]

FROM node:26.10.0-slim
LABEL org.opencontainers.image.title="Countersign" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY LICENSE package.json ./
COPY deploy/healthcheck.mjs ./deploy/
COPY --from=install /app/node_modules ./node_modules
COPY --from=install /app/packages ./packages
COPY --from=install --chown=1000:1000 /data /data
# The default, loopback, would be nobody's in a container.
ENV COUNTERSIGN_LISTEN=0.0.0.0:4800
# As a number, so that Kubernetes can see that it is not root.
USER 1000:1000
# All that is written; the rest may be read-only. Here is where the database is by default.
VOLUME /data
WORKDIR /data
EXPOSE 4800
# Stops accepting, finishes within ten seconds, ends with 0.
STOPSIGNAL SIGTERM
# Alive, not ready: to start again because the database is gone would only empty the caches.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["node", "/app/deploy/healthcheck.mjs"]
ENTRYPOINT ["node", "/app/packages/cli/bin/countersign.mjs"]
CMD ["serve"]
