{-# LANGUAGE OverloadedStrings #-}

module Answer (site) where

import qualified Data.ByteString.Char8 as Bytes
import Data.Maybe (fromMaybe)

import Web.Json (Value (..))
import Web.Request (Request, parameter)
import Web.Response (Response, html, json, text)
import Web.Router (Router, get, route)
import Web.Template (fill, parse)

-- | What is answered where.
site :: Request -> Response
site = route routes

routes :: [Router]
routes =
  [ get "/healthz" (const (text "ok\n"))
  , get "/" (const (text "hello from Haskell\n"))
  , get "/hello" (\request -> html (fill page [("name", name request)]))
  , get "/api/hello" (\request -> json (Object [("hello", String (name request))]))
  ]
  where
    name request = fromMaybe "Haskell" (parameter "name" request)
    page = parse (Bytes.pack "<h1>hello from {{name}}</h1>\n")
