# Debian's OpenJDK at the place of the official image's, which is Ubuntu with a tarball. KIND is jdk or jre.
ARG SUITE=trixie
FROM debian:${SUITE}-slim
ARG VERSION
ARG KIND
# The packages' scripts put manual pages into a folder that the slim base leaves out.
RUN mkdir -p /usr/share/man/man1 /opt/java && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends "openjdk-$VERSION-$KIND-headless" \
 && ln -s "/usr/lib/jvm/java-$VERSION-openjdk-amd64" /opt/java/openjdk \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV JAVA_HOME=/opt/java/openjdk LANG=C.UTF-8
ENV PATH=/opt/java/openjdk/bin:$PATH
COPY temurin-entrypoint.sh /__cacert_entrypoint.sh
ENTRYPOINT ["/__cacert_entrypoint.sh"]
