defmodule Answer.Router do
  use Web.Router
  require Web.Template

  Web.Template.template(:page, "<h1>Hello from <%= assigns.name %></h1>\n")

  get "/healthz", conn do
    Web.Conn.send_as(conn, "txt", "ok")
  end

  get "/", conn do
    Web.Conn.send_as(conn, "txt", "Hello from Elixir")
  end

  get "/hello/:name", conn do
    Web.Conn.send_as(conn, "html", page(%{name: conn.params["name"]}))
  end

  get "/slug/:text", conn do
    Web.Conn.send_as(conn, "txt", Slug.slug(conn.params["text"]))
  end

  get "/api/hello", conn do
    Web.Conn.send_as(conn, "json", Json.encode(%{hello: Map.get(conn.params, "name", "Elixir")}))
  end
end
