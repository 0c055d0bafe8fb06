defmodule Web.Router do
  @moduledoc """
  Routes as clauses of one function, so that the virtual machine finds the right one.

      use Web.Router
      get "/users/:id", conn do
        Web.Conn.send_as(conn, "txt", conn.params["id"])
      end
  """

  defmacro __using__(_) do
    quote do
      import Web.Router, only: [get: 3, post: 3, put: 3, delete: 3]
      @before_compile Web.Router

      @doc "The answer to a request."
      def call(conn), do: handle(conn.method, conn.path, conn)
    end
  end

  defmacro __before_compile__(_) do
    quote do
      defp handle(_, _, conn), do: Web.Conn.send_as(conn, "txt", "not found", 404)
    end
  end

  for method <- [:get, :post, :put, :delete] do
    defmacro unquote(method)(path, conn, do: body) do
      Web.Router.route(unquote(method |> Atom.to_string() |> String.upcase()), path, conn, body)
    end
  end

  @doc false
  def route(method, path, conn, body) do
    parts = String.split(path, "/", trim: true)
    names = for ":" <> name <- parts, do: name

    pattern =
      Enum.map(parts, fn
        ":" <> name -> Macro.var(String.to_atom("param_" <> name), __MODULE__)
        part -> part
      end)

    params = for name <- names, do: {name, Macro.var(String.to_atom("param_" <> name), __MODULE__)}

    quote do
      defp handle(unquote(method), unquote(pattern), given) do
        unquote(conn) = %{given | params: Map.merge(given.query, %{unquote_splicing(params)})}
        unquote(body)
      end
    end
  end
end
