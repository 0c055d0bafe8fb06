defmodule Slug do
  @moduledoc "Readable parts of URLs. What letters become is found by Unicode's decomposition when this is compiled."

  @doc "A text in small letters, digits and dashes."
  def slug(text), do: text |> String.normalize(:nfc) |> letters("") |> String.trim("-")

  for code <- Enum.concat([0xC0..0x24F, 0x1E00..0x1EFF, 0x2460..0x24FF, 0xFF10..0xFF5A]),
      char = <<code::utf8>>,
      plain = for(<<c <- String.normalize(char, :nfkd)>>, c < 128, into: "", do: <<c>>),
      plain =~ ~r/^[A-Za-z0-9]+$/ do
    defp letters(<<unquote(char), rest::binary>>, found) do
      letters(rest, found <> unquote(String.downcase(plain)))
    end
  end

  for {char, plain} <- [{"ß", "ss"}, {"æ", "ae"}, {"Æ", "ae"}, {"ø", "o"}, {"Ø", "o"}, {"ł", "l"}, {"Ł", "l"}, {"đ", "d"}] do
    defp letters(<<unquote(char), rest::binary>>, found), do: letters(rest, found <> unquote(plain))
  end

  defp letters(<<c, rest::binary>>, found) when c in ?a..?z or c in ?0..?9, do: letters(rest, <<found::binary, c>>)
  defp letters(<<c, rest::binary>>, found) when c in ?A..?Z, do: letters(rest, <<found::binary, c + 32>>)
  defp letters(<<"-", rest::binary>>, found), do: dash(rest, found)
  defp letters(<<_::utf8, rest::binary>>, found), do: dash(rest, found)
  defp letters(_, found), do: found

  defp dash(rest, found), do: letters(rest, if(String.ends_with?(found, "-"), do: found, else: found <> "-"))
end
