# amelia-db as an image: `docker run --rm -v ./migrations:/migrations:ro -e DATABASE_URL amelia-db migrate`,
# or a layer of your own: `FROM amelia-db` and `COPY migrations /migrations`.
# It runs as a numeric, unprivileged user, writes nothing to its file system, and needs no shell.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS pack
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack

FROM ${NODE_IMAGE} AS install
COPY --from=pack /build/amelia-db-*.tgz /tmp/
RUN npm install --global --prefix /opt/amelia-db --omit=dev --ignore-scripts --no-audit --no-fund /tmp/amelia-db-*.tgz

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="amelia-db" \
      org.opencontainers.image.description="PostgreSQL schema migrations that prove the finished schema" \
      org.opencontainers.image.licenses="MIT"
COPY --from=install /opt/amelia-db /opt/amelia-db
ENV PATH=/opt/amelia-db/bin:$PATH \
    NODE_ENV=production
# The default folder `migrations`, seen from here, is /migrations.
WORKDIR /
# A number, so that Kubernetes can see that runAsNonRoot holds; any other number works too.
USER 1000:1000
ENTRYPOINT ["amelia-db"]
