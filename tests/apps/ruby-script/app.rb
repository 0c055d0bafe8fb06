require "socket"
require "greeting"

server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT", "4000")))
Signal.trap("TERM") { exit }

loop do
  Thread.new(server.accept) do |client|
    path = client.gets.to_s.split[1]
    nil until client.gets.to_s.strip.empty?
    status, body =
      if path == "/healthz"
        ["200 OK", "ok"]
      elsif path == "/"
        ["200 OK", Greeting.to("Ruby")]
      else
        ["404 Not Found", "not found"]
      end
    client.write("HTTP/1.1 #{status}\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
  ensure
    client.close
  end
end
