defmodule Web.Conn do
  @moduledoc "A request, and what is known of its answer."

  defstruct method: "GET", path: [], query: %{}, headers: %{}, params: %{}, status: 200, fields: [], body: ""

  @reasons %{200 => "OK", 201 => "Created", 204 => "No Content", 400 => "Bad Request", 404 => "Not Found", 405 => "Method Not Allowed", 500 => "Internal Server Error"}

  @doc "A request from what the listener read."
  def new(method, target, headers) do
    uri = URI.parse(target)
    path = (uri.path || "/") |> String.split("/", trim: true) |> Enum.map(&URI.decode/1)
    %__MODULE__{method: method, path: path, query: URI.decode_query(uri.query || ""), headers: Map.new(headers)}
  end

  @doc "Answers with a text of the media type that a file with this extension has."
  def send_as(conn, extension, body, status \\ 200) do
    fields = [{"content-type", Mime.by_extension(extension)} | conn.fields]
    %{conn | status: status, body: body, fields: fields}
  end

  @doc "What goes over the wire."
  def render(conn) do
    fields = [{"content-length", conn.body |> IO.iodata_length() |> Integer.to_string()}, {"connection", "close"} | conn.fields]
    head = ["HTTP/1.1 ", Integer.to_string(conn.status), " ", Map.get(@reasons, conn.status, "Unknown"), "\r\n"]
    [head, Enum.map(fields, fn {name, value} -> [name, ": ", value, "\r\n"] end), "\r\n", conn.body]
  end
end
