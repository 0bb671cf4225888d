# The server image (chapter 28.7): all programs of the package, git, and a user of its own. docs/containers.md tells how it is used.
#
# Build: the bundles of the programs, and a look at the agents: what does not compile ends here.
FROM node:24.21.0-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build:parser && npm run build && find dist/cli -name '*.map' -delete
# Folder of the programs that the image holds, with its main.neam.
ARG AGENTS=examples/container
RUN mkdir /image && cp -r "$AGENTS" /image/agents && node bin/neamc.js check /image/agents/main.neam
# Whoever runs the image reads them, and a checkout may belong to its owner alone.
RUN chmod -R a+rX /image bin dist docs statemachine package.json deploy/entrypoint.sh

# What the bundles import, without what only tools read: a third of it. Apart from the build, so that a change of the sources
# installs nothing.
FROM node:24.21.0-trixie-slim AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete

FROM node:24.21.0-trixie-slim
# git: checkpoints of forge agents. tini: ends what commands of agents leave behind, and passes signals on.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl git tini \
  && rm -rf /var/lib/apt/lists/*
# The base image's user 1000, under the name and in the home of the book. New volumes become as these folders are: open to every
# user, for `--user` gives the files of a mounted folder to whom they belong there.
RUN groupmod --new-name neam node \
  && usermod --login neam --home /home/neam --move-home --shell /bin/bash node \
  && install -d -m 755 -o neam -g neam /home/neam \
  && install -d -m 1777 -o neam -g neam /home/neam/sessions /home/neam/workspace
COPY --from=packages /build/node_modules /opt/neam/node_modules
COPY --from=build /build/package.json /opt/neam/
COPY --from=build /build/statemachine/forge-run.asl.json /opt/neam/statemachine/
COPY --from=build /build/docs/errors /opt/neam/docs/errors
COPY --from=build /build/bin /opt/neam/bin
COPY --from=build /build/dist/cli /opt/neam/dist/cli
COPY --from=build /build/deploy/entrypoint.sh /usr/local/bin/neam-entrypoint
RUN for program in /opt/neam/bin/neam*.js; do ln -s "$program" "/usr/local/bin/$(basename "$program" .js)"; done
COPY --from=build /image/agents /home/neam/agents

# Variables and not arguments: whoever adds a flag need not say these again, and flags win. Nobody reaches the loopback of a
# container; `docker stop` kills after 10 seconds, and what was cut off takes the last two.
ENV HOME=/home/neam \
  NEAM_HOST=0.0.0.0 \
  NEAM_PORT=8080 \
  NEAM_ONE_PORT=1 \
  NEAM_PROGRAM=/home/neam/agents/main.neam \
  NEAM_SESSIONS_DIR=/home/neam/sessions \
  NEAM_WORKSPACE_DIR=/home/neam/workspace \
  NEAM_DRAIN_SECONDS=7
LABEL org.opencontainers.image.title=neam-agents \
  org.opencontainers.image.version=0.1.0 \
  org.opencontainers.image.licenses=MIT
WORKDIR /home/neam
# By number: Kubernetes' runAsNonRoot takes no name's word for it.
USER 1000:1000
VOLUME ["/home/neam/sessions", "/home/neam/workspace"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
  CMD curl -f "http://localhost:${NEAM_PORT}/health" || exit 1
ENTRYPOINT ["tini", "--", "neam-entrypoint"]
