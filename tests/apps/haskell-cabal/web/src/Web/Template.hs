{-# LANGUAGE OverloadedStrings #-}

-- | Text with places for values, which are written so that they are nothing but text in HTML.
module Web.Template (Template, fill, parse) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes

data Part = Text ByteString | Place ByteString
  deriving (Eq, Show)

newtype Template = Template [Part]
  deriving (Eq, Show)

parse :: ByteString -> Template
parse = Template . go
  where
    go input = case Bytes.breakSubstring "{{" input of
      (plain, "") -> [Text plain]
      (plain, rest) -> case Bytes.breakSubstring "}}" (Bytes.drop 2 rest) of
        (_, "") -> [Text input]
        (name, end) -> Text plain : Place (Bytes.strip name) : go (Bytes.drop 2 end)

fill :: Template -> [(ByteString, ByteString)] -> ByteString
fill (Template parts) values = Bytes.concat (map part parts)
  where
    part (Text plain) = plain
    part (Place name) = maybe "" (Bytes.concatMap escape) (lookup name values)
    escape '<' = "&lt;"
    escape '>' = "&gt;"
    escape '&' = "&amp;"
    escape '"' = "&quot;"
    escape '\'' = "&#39;"
    escape c = Bytes.singleton c
