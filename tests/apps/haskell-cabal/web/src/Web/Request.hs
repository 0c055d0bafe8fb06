{-# LANGUAGE OverloadedStrings #-}

-- | Requests, as far as a server without bodies needs them.
module Web.Request (Request (..), Method (..), header, parameter, request) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes
import Data.Char (isSpace, toLower)
import qualified Data.Map.Strict as Map

import Web.Parser (Parser, byte, fallback, literal, many0, run, takeWhile0, takeWhile1)
import Web.Url (Query, target)

data Method = Get | Head | Post | Put | Delete | Other ByteString
  deriving (Eq, Ord, Read, Show)

data Request = Request
  { method :: Method
  , path :: ByteString
  , parameters :: Query
  , headers :: Map.Map ByteString ByteString
  }
  deriving (Eq, Show)

header, parameter :: ByteString -> Request -> Maybe ByteString
header name = Map.lookup (Bytes.map toLower name) . headers
parameter name = lookup name . parameters

request :: ByteString -> Maybe Request
request input = fst <$> run whole input
  where
    whole = do
      verb <- named <$> takeWhile1 (not . isSpace)
      _ <- byte ' '
      (place, asked) <- target <$> takeWhile1 (not . isSpace)
      literal " HTTP/1." *> takeWhile0 (/= '\r') *> newline
      Request verb place asked . Map.fromList <$> many0 field

named :: ByteString -> Method
named verb = case verb of
  "GET" -> Get
  "HEAD" -> Head
  "POST" -> Post
  "PUT" -> Put
  "DELETE" -> Delete
  _ -> Other verb

field :: Parser (ByteString, ByteString)
field = do
  name <- takeWhile1 (\c -> c /= ':' && c /= '\r' && c /= '\n')
  value <- byte ':' *> takeWhile0 (== ' ') *> takeWhile0 (\c -> c /= '\r' && c /= '\n')
  newline
  pure (Bytes.map toLower name, value)

newline :: Parser ()
newline = fallback (literal "\r\n") (literal "\n")
