FROM php:8.2-apache-bookworm AS build
COPY --from=composer:2.8 /usr/bin/composer /usr/local/bin/composer
WORKDIR /app
COPY composer.json composer.lock ./
COPY lib ./lib
RUN COMPOSER_ALLOW_SUPERUSER=1 composer install --no-dev --no-interaction
COPY . ./
RUN COMPOSER_ALLOW_SUPERUSER=1 composer dump-autoload --no-dev --optimize

FROM php:8.2-apache-bookworm
RUN sed -i 's/Listen 80$/Listen 8080/' /etc/apache2/ports.conf \
 && sed -i -e 's/\*:80>/*:8080>/' -e 's#/var/www/html#/var/www/html/public#' /etc/apache2/sites-available/000-default.conf \
 && printf 'FallbackResource /index.php\n' > /etc/apache2/conf-enabled/app.conf
WORKDIR /var/www/html
COPY --from=build /app ./
ENV APACHE_PID_FILE=/tmp/apache2.pid APACHE_RUN_DIR=/tmp APACHE_LOCK_DIR=/tmp APACHE_LOG_DIR=/tmp \
    APACHE_RUN_USER=#10001 APACHE_RUN_GROUP=#10001
USER 10001:10001
EXPOSE 8080
CMD ["apache2", "-D", "FOREGROUND"]
