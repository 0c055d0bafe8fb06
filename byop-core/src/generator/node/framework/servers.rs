//! Servers whose framework has commands of its own.

use super::Served;

/// How a framework that is a server by itself is started, where no script says it.
pub(super) fn serve(name: &str, served: &mut Served) {
    let (start, port): (&str, u16) = match name {
        "nest" => ("node dist/main.js", 3000),
        "strapi" => ("strapi start", 1337),
        "adonis" => ("node build/bin/server.js", 3333),
        "medusa" => ("medusa start", 9000),
        "keystone" => ("keystone start", 3000),
        "redwood" => ("rw serve", 8910),
        _ => return,
    };
    served.start = Some(start.into());
    served.port = port;
    match name {
        "nest" => served.keeps(&["dist"]),
        "strapi" => {
            served.env.insert("HOST".into(), "0.0.0.0".into());
            served.env.insert("STRAPI_TELEMETRY_DISABLED".into(), "true".into());
            served.writable.extend(["/app/.tmp", "/app/public/uploads"].map(String::from));
        }
        "adonis" => {
            served.env.insert("HOST".into(), "0.0.0.0".into());
        }
        _ => {}
    }
}
