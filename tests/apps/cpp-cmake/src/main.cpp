#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "store.hpp"

namespace {

std::string page(const std::string &path) {
  if (path == "/healthz") return "ok\n";
  if (path == "/stock") return stock() + "\n";
  if (path != "/") return "";
  std::ifstream file("public/index.html");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void serve(int client) {
  char buffer[4096];
  const auto length = read(client, buffer, sizeof buffer);
  if (length <= 0) return;
  std::istringstream request(std::string(buffer, static_cast<std::size_t>(length)));
  std::string method, path;
  request >> method >> path;
  const auto body = page(path);
  std::ostringstream answer;
  answer << "HTTP/1.1 " << (body.empty() ? "404 Not Found" : "200 OK")
         << "\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: " << body.size() << "\r\n\r\n" << body;
  const auto text = answer.str();
  if (write(client, text.data(), text.size()) < 0) std::cerr << "the client is gone\n";
}

} // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, [](int) { _exit(0); });
  const char *text = std::getenv("PORT");
  const int port = text ? std::atoi(text) : 8080;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener, 64) != 0) {
    std::cerr << "cannot listen on port " << port << "\n";
    return 1;
  }
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    serve(client);
    close(client);
  }
}
