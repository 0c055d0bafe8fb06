<?php

namespace Shop;

use Greeting\Greeting;

final class App
{
    public static function answer(string $path): string
    {
        switch ($path) {
            case '/healthz':
                return 'ok';
            case '/':
                return Greeting::to('shop');
            default:
                http_response_code(404);
                return 'not found';
        }
    }
}
