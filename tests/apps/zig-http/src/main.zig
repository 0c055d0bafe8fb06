const std = @import("std");

extern fn digest_tag(bytes: [*]const u8, length: usize, tag: *[9]u8) void;

pub fn main() !void {
    var buffer: [256]u8 = undefined;
    var fixed = std.heap.FixedBufferAllocator.init(&buffer);
    const text = std.process.getEnvVarOwned(fixed.allocator(), "PORT") catch "8080";
    const port = try std.fmt.parseInt(u16, text, 10);

    const address = try std.net.Address.parseIp("0.0.0.0", port);
    var server = try address.listen(.{ .reuse_address = true });
    while (true) {
        const connection = server.accept() catch continue;
        defer connection.stream.close();
        serve(connection.stream) catch continue;
    }
}

fn serve(stream: std.net.Stream) !void {
    var request: [4096]u8 = undefined;
    const length = try std.posix.read(stream.handle, &request);
    const start = request[0..length];
    const is_health = std.mem.startsWith(u8, start, "GET /healthz ");
    const body = if (is_health) "ok\n" else "hello from Zig\n";

    var tag: [9]u8 = undefined;
    digest_tag(body.ptr, body.len, &tag);

    var buffer: [512]u8 = undefined;
    const answer = try std.fmt.bufPrint(
        &buffer,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {d}\r\nETag: \"{s}\"\r\nConnection: close\r\n\r\n{s}",
        .{ body.len, tag[0..8], body },
    );
    _ = try std.posix.write(stream.handle, answer);
}
