defmodule Web.Template do
  @moduledoc "Functions from templates, compiled with the module that has them."

  @doc "Defines `name(assigns)` from a template; values are escaped."
  defmacro template(name, source) do
    quoted = EEx.compile_string(Macro.expand(source, __CALLER__), engine: Web.Template.Engine)

    quote do
      def unquote(name)(var!(assigns)) do
        _ = var!(assigns)
        unquote(quoted)
      end
    end
  end

  @doc "A text that is nothing but text in HTML."
  def escape(value) do
    for <<code::utf8 <- to_string(value)>>, into: "" do
      case code do
        ?< -> "&lt;"
        ?> -> "&gt;"
        ?& -> "&amp;"
        ?" -> "&quot;"
        _ -> <<code::utf8>>
      end
    end
  end
end

defmodule Web.Template.Engine do
  @moduledoc false
  @behaviour EEx.Engine

  defdelegate init(options), to: EEx.Engine
  defdelegate handle_begin(state), to: EEx.Engine
  defdelegate handle_end(state), to: EEx.Engine
  defdelegate handle_body(state), to: EEx.Engine
  defdelegate handle_text(state, meta, text), to: EEx.Engine

  def handle_expr(state, "=", expr) do
    EEx.Engine.handle_expr(state, "=", quote(do: Web.Template.escape(unquote(expr))))
  end

  def handle_expr(state, marker, expr), do: EEx.Engine.handle_expr(state, marker, expr)
end
