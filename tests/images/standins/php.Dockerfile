# PHP and Apache are Debian's, laid out as in the official image: /usr/local/bin/php, settings in
# /usr/local/etc/php/conf.d, PHP inside Apache with the prefork model.
ARG SUITE=bookworm
FROM debian:${SUITE}-slim
ARG VERSION
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends apache2 "libapache2-mod-php$VERSION" "php$VERSION-cli" \
      "php$VERSION-curl" "php$VERSION-mbstring" "php$VERSION-sqlite3" "php$VERSION-xml" \
 && test -e /etc/apache2/mods-enabled/mpm_prefork.load && test -e "/etc/apache2/mods-enabled/php$VERSION.load" \
 && ln -s "/usr/bin/php$VERSION" /usr/local/bin/php \
 && mkdir -p /usr/local/etc/php/conf.d /usr/local/lib/php/extensions \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/www/html/*
COPY php-entrypoint.sh /usr/local/bin/docker-php-entrypoint
# The empty first part is Debian's own folder.
ENV PHP_INI_DIR=/usr/local/etc/php PHP_INI_SCAN_DIR=:/usr/local/etc/php/conf.d
ENTRYPOINT ["docker-php-entrypoint"]
STOPSIGNAL SIGWINCH
WORKDIR /var/www/html
EXPOSE 80
CMD ["apache2ctl", "-D", "FOREGROUND"]
