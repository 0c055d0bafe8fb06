defprotocol Json.Encoder do
  @moduledoc "How a type is written as JSON."

  @doc "The JSON of a value, in parts."
  def encode(value)
end

defimpl Json.Encoder, for: Atom do
  def encode(nil), do: "null"
  def encode(true), do: "true"
  def encode(false), do: "false"
  def encode(atom), do: Json.Encoder.encode(Atom.to_string(atom))
end

defimpl Json.Encoder, for: Integer do
  def encode(number), do: Integer.to_string(number)
end

defimpl Json.Encoder, for: Float do
  def encode(number), do: Float.to_string(number)
end

defimpl Json.Encoder, for: BitString do
  def encode(text), do: [?", escape(text), ?"]

  for code <- 0..31 do
    hex = code |> Integer.to_string(16) |> String.pad_leading(4, "0")
    defp escape(<<unquote(code), rest::binary>>), do: [unquote("\\u" <> hex) | escape(rest)]
  end

  defp escape(<<?", rest::binary>>), do: ["\\\"" | escape(rest)]
  defp escape(<<?\\, rest::binary>>), do: ["\\\\" | escape(rest)]
  defp escape(<<code::utf8, rest::binary>>), do: [<<code::utf8>> | escape(rest)]
  defp escape(<<_, rest::binary>>), do: ["\uFFFD" | escape(rest)]
  defp escape(<<>>), do: []
end

defimpl Json.Encoder, for: List do
  def encode(items), do: [?[, items |> Enum.map(&Json.Encoder.encode/1) |> Enum.intersperse(?,), ?]]
end

defimpl Json.Encoder, for: Map do
  def encode(map) do
    fields = Enum.map(map, fn {name, value} -> [Json.Encoder.encode(to_string(name)), ?:, Json.Encoder.encode(value)] end)
    [?{, Enum.intersperse(fields, ?,), ?}]
  end
end

defimpl Json.Encoder, for: [Date, DateTime, NaiveDateTime, Time] do
  def encode(time), do: [?", @for.to_iso8601(time), ?"]
end
