//! Forty values of the kinds that people have.

use std::collections::BTreeMap;

/// Each with the name of the variable that carries it. Parts that could be text of something else are random, so that a
/// hit is a leak.
pub fn canaries() -> BTreeMap<String, String> {
    let words: [&str; 36] = [
        // Short.
        "q7#Zw!",
        "Xk29vQ",
        "8812903471665",
        "p4ß-wörd-ñ7",
        // As generators make them.
        "hT9sKq3vLm8xZr2nBw5yCd7f",
        "6f1c9be27a3d4e508b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f50",
        "d2hhdC1sb29rcy1saWtlLWJhc2U2NC1idXQtaXM=",
        "Zm9yZy1hLXRva2Vu+/kQ7wXz0pL2mN4bV6cX8aS==",
        "sk_live_51Hq8ZrKp0WmTn3Xb6Vc9Lj2",
        "ghp_w8RkT2vYq5LxN7cJ3mZ9bF4hD6sG1pA0eU",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnktMTcifQ.q8w7e6r5t4",
        "AKzV7QPLX3MN5RTY9WCD",
        // Addresses.
        "postgres://shop:Vr7%2Fk!q9@db.internal:5432/shop?sslmode=require",
        "redis://:nW4-zK8_tQ@10.0.0.9:6379/0",
        "https://hooks.example.com/T0Z9/B7Y8/rX6wV5uT4sR3qP2o?x=1&y=2#frag",
        "amqp://u5er:pa%20ss+w0rd~J3@mq:5672/%2Fvhost",
        // What shells, JSON, YAML and HTML quote.
        "it's a \"quoted\" Kw8-value",
        "'Lp3'\"\"''mQ9\"'",
        "$HOME/`id`/$(whoami)/Tz5!*?[a-z]",
        "a;b|c&d>e<f(Rj6)g{h}i#j~k",
        "back\\slash\\nVn2\\t\\x41\\",
        "%41%2Fpercent%zzGd7",
        "&amp;&lt;Yf8&#39;&quot;",
        "{{ jinja }} {% raw %} Hs4 ${dollar}",
        "key: value # Dm6, [list]",
        "- !!python/object Bq3: *anchor &x",
        "\"Xr9\"",
        "--password=Cw2 -v /:/host",
        "=cmd|' /C calc'!A0Nf5",
        "tab\tand\tUe7 spaces  twice",
        // Unicode.
        "пароль-Gk4-тайна",
        "密码-Zt8-秘密-🔑🗝️",
        "e\u{301}-combining-Mw6-\u{200b}zero",
        "\u{202e}rtl-Pb1-override",
        "ünïcödé & \"Jc5\" <tag>",
        "ends with a newline Sv3\n",
    ];
    let long: String = (0..60_u64).map(|i| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let key = |name: &str, seed: u64| {
        let line = |i: u64| {
            (0..4)
                .map(|j| format!("{:016X}", (seed + i * 4 + j).wrapping_mul(0x2545_f491_4f6c_dd1d)))
                .collect::<String>()
        };
        let lines: Vec<String> = (1..9).map(line).collect();
        format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", lines.join("\n"))
    };
    let more = [
        long,
        key("PRIVATE KEY", 7),
        key("OPENSSH PRIVATE KEY", 1_000_003),
        format!(
            "{{\n  \"type\": \"service_account\",\n  \"private_key\": {:?},\n  \"id\": \"Fh9-8842\"\n}}",
            key("RSA", 99)
        ),
    ];
    let all: Vec<String> = words.into_iter().map(str::to_owned).chain(more).collect();
    assert_eq!(all.len(), 40);
    all.into_iter().enumerate().map(|(index, value)| (format!("S{index:02}"), value)).collect()
}

/// What a value is changed to.
pub fn changed(value: &str) -> String {
    let mut text: Vec<char> = value.trim_end().chars().rev().collect();
    text.extend("/nEw-Y7".chars());
    text.into_iter().collect()
}
