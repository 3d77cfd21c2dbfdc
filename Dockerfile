# amelia-db as an image: `docker run --rm -v ./migrations:/migrations:ro -e DATABASE_URL amelia-db migrate`,
# or a layer of your own: `FROM amelia-db` and `COPY migrations /migrations`. See docs/docker.md.
# It holds Node.js, the C libraries that Node.js loads, and amelia-db: no shell, no package manager. It runs as a
# numeric, unprivileged user and writes nothing to its file system.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS pack
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack

FROM ${NODE_IMAGE} AS install
COPY --from=pack /build/amelia-db-*.tgz /tmp/
# Without what Node.js never loads: source maps, types, and the CommonJS that PGlite has beside its ES modules.
RUN npm install --global --prefix /opt/amelia-db --omit=dev --ignore-scripts --no-audit --no-fund /tmp/amelia-db-*.tgz \
 && find /opt/amelia-db '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' ')' -delete \
 && find /opt/amelia-db/lib/node_modules/amelia-db/node_modules -name '*.cjs' -delete

# What Node.js loads, and what names users and hosts; each Debian package with its licence and its version,
# where scanners look for them in images without dpkg (/var/lib/dpkg/status.d).
FROM ${NODE_IMAGE} AS runtime
RUN set -eu; root=/runtime; mkdir -p $root/var/lib/dpkg/status.d; \
    libraries=$(ldd /usr/local/bin/node | grep -o '/[^ ]*'); \
    cp --parents --dereference /usr/local/bin/node $libraries $root; \
    for library in $libraries; do \
      package=$(dpkg --search "$library" "$(readlink -f "$library")" 2>/dev/null | head -n 1 | cut -d : -f 1); \
      dpkg --status "$package" >$root/var/lib/dpkg/status.d/$package; \
      cp --parents --dereference /usr/share/doc/$package/copyright $root; \
    done; \
    mkdir $root/etc; \
    echo 'amelia-db:x:1000:1000::/:/sbin/nologin' >$root/etc/passwd; \
    echo 'hosts: files dns' >$root/etc/nsswitch.conf

FROM scratch
LABEL org.opencontainers.image.title="amelia-db" \
      org.opencontainers.image.description="PostgreSQL schema migrations that prove the finished schema" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/amelia-db/amelia-db"
COPY --from=runtime /runtime /
COPY --from=install /opt/amelia-db/lib/node_modules/amelia-db /opt/amelia-db
ENV NODE_ENV=production
# The default folder `migrations`, seen from here, is /migrations.
WORKDIR /
# A number, so that Kubernetes can see that runAsNonRoot holds; any other number works too.
USER 1000:1000
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/node", "/opt/amelia-db/bin/amelia-db.js"]
