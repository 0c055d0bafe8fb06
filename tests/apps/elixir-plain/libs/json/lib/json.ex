defmodule Json do
  @moduledoc "JSON, written and read."

  @doc "A value as JSON."
  def encode(value), do: IO.iodata_to_binary(Json.Encoder.encode(value))

  @doc "The value of a JSON text, or an error."
  def decode(text) do
    with {:ok, value, rest} <- Json.Decoder.value(Json.Decoder.skip(text)),
         "" <- Json.Decoder.skip(rest) do
      {:ok, value}
    else
      _ -> :error
    end
  end
end
