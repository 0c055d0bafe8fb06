# Composer is Debian's: many files, packed into the one that the official image has.
FROM php:8.2-apache-bookworm AS pack
LABEL org.byop.stage=true
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends composer \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY composer-pack.php /
RUN php -d phar.readonly=0 /composer-pack.php && chmod +x /opt/composer.phar

FROM php:8.2-apache-bookworm
COPY --from=pack /opt/composer.phar /usr/bin/composer
ENV COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_HOME=/tmp
WORKDIR /app
CMD ["composer"]
