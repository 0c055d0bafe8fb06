#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

static void serve(int client) {
  char buffer[4096];
  const auto length = read(client, buffer, sizeof buffer);
  const std::string_view request(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
  const bool is_health = request.starts_with("GET /health ");
  const std::string body = is_health ? "ok\n" : "hello from C++\n";
  const auto answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (write(client, answer.data(), answer.size()) < 0) std::cerr << "the client is gone\n";
  close(client);
}

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  const char *text = std::getenv("PORT");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(text ? std::atoi(text) : 8080));
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener, 64) != 0) {
    std::cerr << "cannot listen\n";
    return 1;
  }
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client >= 0) std::thread(serve, client).detach();
  }
}
