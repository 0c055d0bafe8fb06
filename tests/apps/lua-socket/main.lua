local socket = require("socket")
local cjson = require("cjson")
local pages = require("pages")

local port = tonumber(os.getenv("PORT") or "8080")
local server = assert(socket.bind("0.0.0.0", port))

local function serve(client)
  client:settimeout(5)
  local request = client:receive("*l") or ""
  repeat
    local line = client:receive("*l")
  until not line or line == ""
  local page = pages[request:match("^GET (%S+)") or ""]
  local body = cjson.encode(page and page() or { error = "not found" })
  client:send(table.concat({
    page and "HTTP/1.1 200 OK" or "HTTP/1.1 404 Not Found",
    "Content-Type: application/json",
    "Content-Length: " .. #body,
    "Connection: close",
    "",
    body,
  }, "\r\n"))
end

while true do
  local client = server:accept()
  if client then
    pcall(serve, client)
    client:close()
  end
end
