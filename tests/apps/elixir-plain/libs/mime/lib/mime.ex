defmodule Mime do
  @moduledoc "Media types by the extension of a file, read from a table when this is compiled."

  @table Path.join(__DIR__, "../types.txt")
  @external_resource @table

  for line <- File.stream!(@table), [type | extensions] = String.split(line), extension <- extensions do
    @doc false
    def by_extension(unquote(extension)), do: unquote(type)
  end

  def by_extension(_), do: "application/octet-stream"

  for line <- File.stream!(@table), [type | extensions] = String.split(line), extensions != [] do
    @doc false
    def extensions(unquote(type)), do: unquote(extensions)
  end

  def extensions(_), do: []

  @doc "The media type of a file by its name."
  def type(file) do
    file |> Path.extname() |> String.trim_leading(".") |> String.downcase() |> by_extension()
  end
end
