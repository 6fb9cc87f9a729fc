#!/bin/bash
# PHP's curl over the Unix socket, as doc/CLIENTS.md has it.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need php
start_fraudd '"rules": [{"name": "cards", "event": "card", "limit": 2}]'
recipe fraudd.php >"$T/fraudd.php"
cat >"$T/shop.php" <<'END'
<?php
require __DIR__ . '/fraudd.php';
foreach (['4242', '4242', '1111'] as $last4) {
    $a = fraudd('/v1/attempts', ['event' => 'card', 'ip' => '203.0.113.7',
        'last4' => $last4, 'expiry' => '12/27']);
    echo $a === null ? 'none' : "$a[verdict] $a[count]", "\n";
    if ($a !== null && $a['verdict'] === 'allow')
        echo fraudd('/v1/outcomes',
            ['id' => $a['id'], 'outcome' => 'failure'])['amended'], "\n";
}
echo json_encode(fraudd('/v1/attempts', ['event' => 'card', 'ip' => 'x'])), "\n";
END
accept "PHP runs" php "$T/shop.php"
is "$(tr '\n' , <"$T/out")" "allow 1,1,allow 1,1,deny 2,null," \
	"one card twice, their outcomes, another one, and what is no address"
accept "fraudd ends" stop_fraudd
php "$T/shop.php" >"$T/out"
is "$(tr '\n' , <"$T/out")" "none,none,none,null," "and without it: no answer"

done_testing
