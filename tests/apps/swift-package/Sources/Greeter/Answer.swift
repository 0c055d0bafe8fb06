/// The answer to a request.
func answer(to request: String) -> String {
    let (status, body) =
        if request.hasPrefix("GET /healthz ") {
            ("200 OK", "ok\n")
        } else if request.hasPrefix("GET / ") {
            ("200 OK", "hello from Swift\n")
        } else {
            ("404 Not Found", "not found\n")
        }
    return "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
