import Glibc

let port = getenv("PORT").flatMap { UInt16(String(cString: $0)) } ?? 8080

signal(SIGTERM) { _ in exit(0) }
signal(SIGPIPE, SIG_IGN)

let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
var yes: Int32 = 1
setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))

var address = sockaddr_in()
address.sin_family = sa_family_t(AF_INET)
address.sin_port = port.bigEndian
let size = socklen_t(MemoryLayout<sockaddr_in>.size)
let bound = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
}
guard bound == 0, listen(listener, 64) == 0 else {
    print("cannot listen on port \(port)")
    exit(1)
}

while true {
    let client = accept(listener, nil, nil)
    guard client >= 0 else { continue }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(client, &buffer, buffer.count)
    if count > 0 {
        let text = answer(to: String(decoding: buffer[..<count], as: UTF8.self))
        _ = text.withCString { write(client, $0, text.utf8.count) }
    }
    close(client)
}
