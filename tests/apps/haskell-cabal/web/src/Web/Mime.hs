{-# LANGUAGE OverloadedStrings #-}

-- | Media types by the extension of a file.
module Web.Mime (mediaType) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes
import qualified Data.Map.Strict as Map

mediaType :: ByteString -> ByteString
mediaType file = Map.findWithDefault "application/octet-stream" (snd (Bytes.breakEnd (== '.') file)) known

known :: Map.Map ByteString ByteString
known = Map.fromList
  [ ("avif", "image/avif"), ("css", "text/css; charset=utf-8"), ("csv", "text/csv; charset=utf-8")
  , ("gif", "image/gif"), ("html", "text/html; charset=utf-8"), ("ico", "image/x-icon")
  , ("jpeg", "image/jpeg"), ("jpg", "image/jpeg"), ("js", "text/javascript; charset=utf-8")
  , ("json", "application/json"), ("map", "application/json"), ("md", "text/markdown; charset=utf-8")
  , ("mjs", "text/javascript; charset=utf-8"), ("mp3", "audio/mpeg"), ("mp4", "video/mp4")
  , ("ogg", "audio/ogg"), ("otf", "font/otf"), ("pdf", "application/pdf"), ("png", "image/png")
  , ("svg", "image/svg+xml"), ("txt", "text/plain; charset=utf-8"), ("wasm", "application/wasm")
  , ("webm", "video/webm"), ("webp", "image/webp"), ("woff", "font/woff"), ("woff2", "font/woff2")
  , ("xml", "application/xml"), ("zip", "application/zip")
  ]
