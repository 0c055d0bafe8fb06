{-# LANGUAGE OverloadedStrings #-}

module Answer (answer) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes

-- | The answer to a request.
answer :: ByteString -> ByteString
answer request
  | "GET /healthz " `Bytes.isPrefixOf` request = page "200 OK" "ok\n"
  | "GET / " `Bytes.isPrefixOf` request = page "200 OK" "hello from Haskell\n"
  | otherwise = page "404 Not Found" "not found\n"

page :: ByteString -> ByteString -> ByteString
page status body =
  Bytes.concat
    [ "HTTP/1.1 ", status, "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
    , Bytes.pack (show (Bytes.length body)), "\r\n\r\n", body
    ]
