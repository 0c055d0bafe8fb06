{-# LANGUAGE OverloadedStrings #-}

-- | JSON, written and read.
module Web.Json (Value (..), encode, decode) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Builder as Builder
import qualified Data.ByteString.Char8 as Bytes
import qualified Data.ByteString.Lazy as Lazy
import Data.Char (isDigit, isSpace)
import Data.List (intersperse)

import Web.Parser (Parser, byte, fallback, literal, many0, run, satisfy, sepBy0, takeWhile0, takeWhile1)

data Value
  = Null
  | Bool Bool
  | Number Integer
  | String ByteString
  | Array [Value]
  | Object [(ByteString, Value)]
  deriving (Eq, Ord, Read, Show)

encode :: Value -> ByteString
encode = Lazy.toStrict . Builder.toLazyByteString . value
  where
    value Null = "null"
    value (Bool True) = "true"
    value (Bool False) = "false"
    value (Number number) = Builder.integerDec number
    value (String text) = quoted text
    value (Array items) = list "[" "]" (map value items)
    value (Object fields) = list "{" "}" [quoted name <> ":" <> value item | (name, item) <- fields]
    list open close items = open <> mconcat (intersperse "," items) <> close

quoted :: ByteString -> Builder.Builder
quoted text = "\"" <> mconcat (map escape (Bytes.unpack text)) <> "\""
  where
    escape '"' = "\\\""
    escape '\\' = "\\\\"
    escape '\n' = "\\n"
    escape '\r' = "\\r"
    escape '\t' = "\\t"
    escape c
      | c < ' ' = "\\u00" <> Builder.word8HexFixed (fromIntegral (fromEnum c))
      | otherwise = Builder.char8 c

decode :: ByteString -> Maybe Value
decode input = case run (spaces *> anything) input of
  Just (found, rest) | Bytes.all isSpace rest -> Just found
  _ -> Nothing

anything :: Parser Value
anything = foldr1 fallback
  [ Null <$ word "null"
  , Bool True <$ word "true"
  , Bool False <$ word "false"
  , Number . negate . number <$> (byte '-' *> takeWhile1 isDigit <* spaces)
  , Number . number <$> (takeWhile1 isDigit <* spaces)
  , String <$> string
  , Array <$> (word "[" *> sepBy0 anything (word ",") <* word "]")
  , Object <$> (word "{" *> sepBy0 pair (word ",") <* word "}")
  ]
  where
    pair = (,) <$> (string <* word ":") <*> anything
    number = maybe 0 fst . Bytes.readInteger

string :: Parser ByteString
string = Bytes.concat <$> (byte '"' *> many0 part <* byte '"' <* spaces)
  where
    part = fallback (takeWhile1 (\c -> c /= '"' && c /= '\\')) (byte '\\' *> (escaped <$> satisfy (const True)))
    escaped 'n' = "\n"
    escaped 'r' = "\r"
    escaped 't' = "\t"
    escaped c = Bytes.singleton c

word :: ByteString -> Parser ()
word text = literal text <* spaces

spaces :: Parser ByteString
spaces = takeWhile0 isSpace
