FROM maven:3.9-eclipse-temurin-21-noble AS build
WORKDIR /src
COPY . ./
RUN mvn -B -DskipTests -pl web -am package dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib

FROM eclipse-temurin:21-jre-noble
WORKDIR /app
COPY --from=build /src/web/target/lib ./lib
COPY --from=build /src/web/target/web-1.0.0.jar ./app.jar
ENV PORT=8085
EXPOSE 8085
USER 10001:10001
CMD ["java", "-cp", "/app/app.jar:/app/lib/*", "demo.WebServer"]
