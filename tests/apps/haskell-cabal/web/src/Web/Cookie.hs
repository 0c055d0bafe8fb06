{-# LANGUAGE OverloadedStrings #-}

-- | Cookies of requests and for responses.
module Web.Cookie (Cookie (..), SameSite (..), cookie, cookies, setCookie) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes
import Data.Maybe (catMaybes)

import Web.Parser (Parser, byte, literal, run, sepBy0, takeWhile0, takeWhile1)
import Web.Url (decode, encode)

data SameSite = Strict | Lax | None
  deriving (Bounded, Enum, Eq, Ord, Read, Show)

data Cookie = Cookie
  { name :: ByteString
  , value :: ByteString
  , place :: Maybe ByteString
  , domain :: Maybe ByteString
  , seconds :: Maybe Int
  , sameSite :: SameSite
  , isSecure :: Bool
  , isHttpOnly :: Bool
  }
  deriving (Eq, Ord, Read, Show)

-- | A cookie for the session, which scripts do not see.
cookie :: ByteString -> ByteString -> Cookie
cookie called content = Cookie called content (Just "/") Nothing Nothing Lax True True

setCookie :: Cookie -> ByteString
setCookie given = Bytes.intercalate "; " (catMaybes attributes)
  where
    attributes =
      [ Just (name given <> "=" <> encode (value given))
      , ("Path=" <>) <$> place given
      , ("Domain=" <>) <$> domain given
      , ("Max-Age=" <>) . Bytes.pack . show <$> seconds given
      , Just ("SameSite=" <> Bytes.pack (show (sameSite given)))
      , if isSecure given then Just "Secure" else Nothing
      , if isHttpOnly given then Just "HttpOnly" else Nothing
      ]

-- | What the header of a request says.
cookies :: ByteString -> [(ByteString, ByteString)]
cookies input = maybe [] fst (run (sepBy0 pair (literal "; ")) input)

pair :: Parser (ByteString, ByteString)
pair = (,) <$> takeWhile1 (`notElem` ("=; " :: String)) <*> (byte '=' *> (decode <$> takeWhile0 (/= ';')))
