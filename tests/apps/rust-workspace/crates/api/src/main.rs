use tiny_http::{Response, Server};

fn main() {
    let server = Server::http("0.0.0.0:8080").expect("the port is free");
    for request in server.incoming_requests() {
        let text = match request.url() {
            "/healthz" => "ok",
            _ => greet::word(),
        };
        let _ = request.respond(Response::from_string(text));
    }
}
