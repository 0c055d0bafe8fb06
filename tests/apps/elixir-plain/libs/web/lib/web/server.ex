defmodule Web.Server do
  @moduledoc "Answers HTTP with nothing but what Erlang brings."
  use Task, restart: :permanent

  def start_link({port, router}), do: Task.start_link(fn -> listen(port, router) end)

  defp listen(port, router) do
    {:ok, tasks} = Task.Supervisor.start_link()
    options = [:binary, packet: :http_bin, active: false, reuseaddr: true, backlog: 128]
    {:ok, socket} = :gen_tcp.listen(port, options)
    accept(socket, tasks, router)
  end

  defp accept(socket, tasks, router) do
    {:ok, client} = :gen_tcp.accept(socket)
    {:ok, task} = Task.Supervisor.start_child(tasks, fn -> serve(client, router) end)
    :gen_tcp.controlling_process(client, task)
    accept(socket, tasks, router)
  end

  defp serve(client, router) do
    with {:ok, {:http_request, method, {:abs_path, target}, _version}} <- :gen_tcp.recv(client, 0) do
      conn = Web.Conn.new(to_string(method), target, headers(client, []))
      :gen_tcp.send(client, conn |> router.call() |> Web.Conn.render())
    end

    :gen_tcp.close(client)
  end

  defp headers(client, found) do
    case :gen_tcp.recv(client, 0) do
      {:ok, {:http_header, _, name, _, value}} -> headers(client, [{name |> to_string() |> String.downcase(), value} | found])
      _ -> found
    end
  end
end
