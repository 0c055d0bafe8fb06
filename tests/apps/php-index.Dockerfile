FROM php:8.2-apache-bookworm
WORKDIR /var/www/html
RUN sed -i 's/Listen 80$/Listen 8080/' /etc/apache2/ports.conf \
 && sed -i 's/\*:80>/*:8080>/' /etc/apache2/sites-available/000-default.conf \
 && printf 'FallbackResource /index.php\n' > /etc/apache2/conf-enabled/app.conf
COPY index.php ./
ENV APACHE_PID_FILE=/tmp/apache2.pid APACHE_RUN_DIR=/tmp APACHE_LOCK_DIR=/tmp APACHE_LOG_DIR=/tmp \
    APACHE_RUN_USER=#10001 APACHE_RUN_GROUP=#10001
USER 10001:10001
EXPOSE 8080
CMD ["apache2", "-D", "FOREGROUND"]
