<?php

namespace Greeting;

final class Greeting
{
    public static function to(string $name): string
    {
        return 'Hello, ' . mb_convert_case($name, MB_CASE_TITLE) . '!';
    }
}
