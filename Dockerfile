# The agent's image: its program, the libraries of it, certificate authorities, and nothing to log in to.
#
#   docker build -t tranche --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" .
#
# The same sources and the same Debian packages make the same files. To have the same packages again, name
# the base image by its digest, and the archive of that day as apt's source.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make
WORKDIR /src
COPY . .
# "ssh-keygen", "gpgv" or both, for --verify
ARG WITH=
RUN make deps-image WITH="$WITH"
ARG SOURCE_DATE_EPOCH=0
RUN make rootfs WITH="$WITH"

FROM scratch
COPY --from=build /src/build/rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/tranche"]
