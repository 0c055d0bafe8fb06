# Debian's Maven. Its own repository of plugins and libraries stands for the public one.
ARG VERSION
FROM eclipse-temurin:${VERSION}-jdk-noble
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends maven \
    libmaven-compiler-plugin-java libmaven-dependency-plugin-java libmaven-jar-plugin-java \
    libmaven-resources-plugin-java libmaven-shade-plugin-java libsurefire-java libgoogle-gson-java \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY maven-settings.xml /etc/maven/settings.xml
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
CMD ["mvn"]
