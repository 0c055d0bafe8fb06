use std::env;
use std::error::Error;
use std::sync::Arc;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tiny_http::{Header, Request, Response, Server};

const WORKERS: usize = 4;

fn answer(request: Request, version: &str) {
    let (status, kind, body) = match request.url() {
        "/" => (200, "text/html", "<h1>Hello from Rust</h1>".to_string()),
        "/healthz" => (200, "text/plain", "ok".to_string()),
        "/version" => (200, "application/json", format!(r#"{{"app":"rust","version":"{version}"}}"#)),
        _ => (404, "text/plain", "not found".to_string()),
    };
    let kind = Header::from_bytes("Content-Type", kind).expect("a valid header");
    let response = Response::from_string(body).with_status_code(status).with_header(kind);
    // The client may have gone.
    let _ = request.respond(response);
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".into());
    let version = env::var("APP_VERSION").unwrap_or_else(|_| "1".into());
    let server = Arc::new(Server::http(format!("0.0.0.0:{port}"))?);
    println!("listening on {port}");

    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let stopper = Arc::clone(&server);
    thread::spawn(move || {
        signals.forever().next();
        println!("finishing");
        (0..WORKERS).for_each(|_| stopper.unblock());
    });

    thread::scope(|scope| {
        for _ in 0..WORKERS {
            // `recv` fails once it is unblocked.
            scope.spawn(|| {
                while let Ok(request) = server.recv() {
                    answer(request, &version);
                }
            });
        }
    });
    Ok(())
}
