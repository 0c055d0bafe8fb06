FROM maven:3.9-eclipse-temurin-21-noble AS build
WORKDIR /src
COPY pom.xml ./
RUN mvn -B dependency:resolve
COPY src ./src
RUN mvn -B -DskipTests package

FROM eclipse-temurin:21-jre-noble
COPY --from=build /src/target/plain-1.0.0.jar /app/app.jar
ENV PORT=8080
EXPOSE 8080
USER 10001:10001
CMD ["java", "-jar", "/app/app.jar"]
