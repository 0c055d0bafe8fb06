{-# LANGUAGE OverloadedStrings #-}

-- | Responses, and what goes over the wire for them.
module Web.Response (Response (..), html, json, notFound, notAllowed, render, text) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Builder as Builder
import qualified Data.ByteString.Char8 as Bytes
import qualified Data.ByteString.Lazy as Lazy

import Web.Json (Value, encode)
import Web.Mime (mediaType)

data Response = Response
  { status :: (Int, ByteString)
  , fields :: [(ByteString, ByteString)]
  , body :: ByteString
  }
  deriving (Eq, Show)

text, html :: ByteString -> Response
text = Response (200, "OK") [("Content-Type", mediaType "x.txt")]
html = Response (200, "OK") [("Content-Type", mediaType "x.html")]

json :: Value -> Response
json = Response (200, "OK") [("Content-Type", mediaType "x.json")] . encode

notFound, notAllowed :: Response
notFound = (text "not found\n") {status = (404, "Not Found")}
notAllowed = (text "not allowed\n") {status = (405, "Method Not Allowed")}

render :: Response -> ByteString
render response = Lazy.toStrict (Builder.toLazyByteString whole)
  where
    (code, reason) = status response
    whole = "HTTP/1.1 " <> Builder.intDec code <> " " <> Builder.byteString reason <> "\r\n"
      <> mconcat (map field (fields response <> standing)) <> "\r\n" <> Builder.byteString (body response)
    field (name, value) = Builder.byteString name <> ": " <> Builder.byteString value <> "\r\n"
    standing = [("Connection", "close"), ("Content-Length", Bytes.pack (show (Bytes.length (body response))))]
