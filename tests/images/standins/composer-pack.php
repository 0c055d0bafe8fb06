<?php
// Packs Composer and the libraries that it loads into one file, with the folders as they are below /usr.
$phar = new Phar('/opt/composer.phar');
$phar->startBuffering();
foreach (['/usr/share/php', '/usr/share/composer'] as $folder) {
    if (!is_dir($folder)) {
        continue;
    }
    $files = new RecursiveIteratorIterator(
        new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS | FilesystemIterator::FOLLOW_SYMLINKS)
    );
    foreach ($files as $file) {
        $phar->addFile($file->getPathname(), substr($file->getPathname(), strlen('/usr/')));
    }
}
// Its first line is for the shell.
$main = preg_replace('/^#!.*\n/', '', file_get_contents('/usr/bin/composer'));
$phar->addFromString('bin/composer', $main);
$phar->setStub(
    "#!/usr/bin/env php\n<?php Phar::mapPhar('composer.phar');"
    . "set_include_path('phar://composer.phar/share/php');"
    . "require 'phar://composer.phar/bin/composer'; __HALT_COMPILER();"
);
$phar->stopBuffering();
