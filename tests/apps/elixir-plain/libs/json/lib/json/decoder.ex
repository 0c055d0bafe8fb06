defmodule Json.Decoder do
  @moduledoc "Takes a value off the start of a text."

  def skip(<<space, rest::binary>>) when space in [?\s, ?\t, ?\n, ?\r], do: skip(rest)
  def skip(rest), do: rest

  def value("null" <> rest), do: {:ok, nil, rest}
  def value("true" <> rest), do: {:ok, true, rest}
  def value("false" <> rest), do: {:ok, false, rest}
  def value("\"" <> rest), do: string(rest, [])
  def value("[" <> rest), do: items(skip(rest), [])
  def value("{" <> rest), do: fields(skip(rest), [])
  def value(rest), do: number(rest)

  defp items("]" <> rest, found), do: {:ok, Enum.reverse(found), rest}
  defp items("," <> rest, [_ | _] = found), do: item(skip(rest), found)
  defp items(rest, []), do: item(rest, [])
  defp items(_, _), do: :error

  defp item(rest, found) do
    with {:ok, value, rest} <- value(rest), do: items(skip(rest), [value | found])
  end

  defp fields("}" <> rest, found), do: {:ok, Map.new(found), rest}
  defp fields("," <> rest, [_ | _] = found), do: field(skip(rest), found)
  defp fields(rest, []), do: field(rest, [])
  defp fields(_, _), do: :error

  defp field("\"" <> rest, found) do
    with {:ok, name, rest} <- string(rest, []),
         ":" <> rest <- skip(rest),
         {:ok, value, rest} <- value(skip(rest)) do
      fields(skip(rest), [{name, value} | found])
    else
      _ -> :error
    end
  end

  defp field(_, _), do: :error

  for {escape, code} <- [{?n, ?\n}, {?r, ?\r}, {?t, ?\t}, {?b, ?\b}, {?f, ?\f}, {?", ?"}, {?\\, ?\\}, {?/, ?/}] do
    defp string(<<?\\, unquote(escape), rest::binary>>, found), do: string(rest, [found, unquote(code)])
  end

  defp string(<<"\\u", hex::binary-size(4), rest::binary>>, found) do
    case Integer.parse(hex, 16) do
      {code, ""} when code not in 0xD800..0xDFFF -> string(rest, [found, <<code::utf8>>])
      _ -> :error
    end
  end

  defp string("\"" <> rest, found), do: {:ok, IO.iodata_to_binary(found), rest}
  defp string(<<code::utf8, rest::binary>>, found) when code >= 32, do: string(rest, [found, <<code::utf8>>])
  defp string(_, _), do: :error

  defp number(text) do
    with {float, rest} <- Float.parse(text) do
      case Integer.parse(text) do
        {integer, ^rest} -> {:ok, integer, rest}
        _ -> {:ok, float, rest}
      end
    end
  end
end
