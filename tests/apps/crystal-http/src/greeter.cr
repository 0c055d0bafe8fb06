require "http/server"

server = HTTP::Server.new do |context|
  context.response.content_type = "text/plain"
  case context.request.path
  when "/healthz"
    context.response.print "ok\n"
  when "/"
    context.response.print "hello from Crystal\n"
  else
    context.response.respond_with_status(:not_found)
  end
end

server.bind_tcp "0.0.0.0", ENV.fetch("PORT", "8080").to_i
Process.on_terminate { server.close }
server.listen
