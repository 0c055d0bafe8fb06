<?php

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/healthz') {
    header('Content-Type: text/plain');
    echo 'ok';
    exit;
}
if ($path !== '/') {
    http_response_code(404);
}
?>
<!doctype html>
<title>PHP</title>
<h1>Hello from PHP <?= htmlspecialchars(PHP_VERSION) ?></h1>
