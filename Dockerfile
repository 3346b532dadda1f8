# The worker's image. `docker run IMAGE` runs `node dist/cli.js run`; `docker run IMAGE doctor` runs another command.
# Of its layers the base takes about 80 to 100 MB compressed, all that is ours 1.3 MB.
# An agent of one's own: FROM this image, COPY agent.mjs /app/, ENV HANDLER=./agent.mjs. One with dependencies has /app/agent
# (docs/agents.md).
ARG NODE_IMAGE=node:24-bookworm-slim

# --- dist/ ---
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build-dist.mjs scripts/build-page.mjs scripts/
COPY src src
RUN npm run build && find dist -name "*.d.ts" -delete

# --- node_modules/, production alone ---
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit
COPY scripts/prune-packages.mjs scripts/
RUN node scripts/prune-packages.mjs node_modules

# --- an init: as process 1 Node itself would be deaf to SIGTERM until its handlers are there ---
FROM ${NODE_IMAGE} AS init
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends tini

# --- what keeps agents from reading the worker's environment and memory in /proc (docs/security.md) ---
FROM ${NODE_IMAGE} AS native
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev
COPY native native
RUN gcc -shared -fPIC -Os -s -Wall -Werror -o /native/undumpable.so native/undumpable.c

# --- the worker ---
FROM ${NODE_IMAGE} AS worker
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="queuehand" \
      org.opencontainers.image.description="Event-driven agents on ECS Fargate, fed by SQS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=init /usr/bin/tini /usr/bin/tini
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE* ./
COPY scripts/healthcheck.mjs ./
COPY examples examples
COPY infra/*.yaml infra/
COPY --from=build /app/dist dist
COPY --from=native /native/undumpable.so native/
# A folder for an agent with dependencies of its own, which finds `import "queuehand"` there: the package is no deeper than /app.
RUN ln -s /app node_modules/queuehand && mkdir agent && chown node:node agent
ENV LD_PRELOAD=/app/native/undumpable.so
# Node reads agents' pipes into blocks of 64 KiB. Blocks of this size and more go back to the kernel when they are freed;
# glibc would keep them, and the worker grow by a hundred megabytes. Agents don't get it: their environment is an allow-list.
ENV MALLOC_MMAP_THRESHOLD_=65536

# --- what Node has compiled of a start, by the user who will start it ---
FROM worker AS compiled
RUN mkdir compiled && chown node:node compiled
USER node
RUN --mount=type=bind,source=scripts/warm-up.mjs,target=/app/warm-up.mjs \
  NODE_COMPILE_CACHE=/app/compiled node warm-up.mjs dist/cli.js examples/task-agent.mjs

# --- the image ---
FROM worker
# Root's, and no agent's to write: Node reads code of the worker from here, and finds it unwritable without complaint.
COPY --from=compiled --chown=root:root --chmod=755 /app/compiled compiled
ENV NODE_COMPILE_CACHE=/app/compiled
USER node
# Agents in processes of their own get work folders here: writable on a read-only root too, on Fargate as in Docker.
VOLUME /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["node", "/app/healthcheck.mjs"]
# -s: also right where the platform puts an init of its own in front (docker run --init, initProcessEnabled).
# Its whole path, since an agent's image may have another working directory.
ENTRYPOINT ["tini", "-s", "--", "node", "/app/dist/cli.js"]
CMD ["run"]
