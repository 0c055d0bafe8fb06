defmodule Answer.Server do
  @moduledoc "Answers HTTP with nothing but what Erlang brings."
  use Task, restart: :permanent

  def start_link(port), do: Task.start_link(fn -> listen(port) end)

  defp listen(port) do
    options = [:binary, packet: :http_bin, active: false, reuseaddr: true, backlog: 128]
    {:ok, socket} = :gen_tcp.listen(port, options)
    accept(socket)
  end

  defp accept(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    {:ok, task} = Task.Supervisor.start_child(Answer.Tasks, fn -> serve(client) end)
    :gen_tcp.controlling_process(client, task)
    accept(socket)
  end

  defp serve(client) do
    with {:ok, {:http_request, _method, {:abs_path, path}, _version}} <- :gen_tcp.recv(client, 0) do
      skip_headers(client)
      {status, body} = answer(path)
      length = byte_size(body)
      :gen_tcp.send(client, "HTTP/1.1 #{status}\r\ncontent-length: #{length}\r\nconnection: close\r\n\r\n#{body}")
    end

    :gen_tcp.close(client)
  end

  defp skip_headers(client) do
    case :gen_tcp.recv(client, 0) do
      {:ok, {:http_header, _, _, _, _}} -> skip_headers(client)
      _ -> :ok
    end
  end

  defp answer("/healthz"), do: {"200 OK", "ok"}
  defp answer("/"), do: {"200 OK", "Hello from Elixir"}
  defp answer(_path), do: {"404 Not Found", "not found"}
end
