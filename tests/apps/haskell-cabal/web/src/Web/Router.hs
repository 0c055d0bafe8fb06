{-# LANGUAGE OverloadedStrings #-}

-- | From a request to the one that answers it.
module Web.Router (Router, get, post, route) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes

import Web.Request (Method (..), Request (..))
import Web.Response (Response, notAllowed, notFound)

-- | A method, the parts of a path, and an answer. A part that begins with a colon fits any, and is a parameter.
data Router = Router Method [ByteString] (Request -> Response)

get, post :: ByteString -> (Request -> Response) -> Router
get place = Router Get (parts place)
post place = Router Post (parts place)

parts :: ByteString -> [ByteString]
parts = filter (not . Bytes.null) . Bytes.split '/'

route :: [Router] -> Request -> Response
route routers request =
  case [(verb, answer found) | Router verb place answer <- routers, Just found <- [match place asked]] of
    [] -> notFound
    fitting -> case [answer | (verb, answer) <- fitting, verb == wanted] of
      [] -> notAllowed
      answer : _ -> answer
  where
    asked = parts (path request)
    wanted = if method request == Head then Get else method request
    match place given = (\more -> request {parameters = more <> parameters request}) <$> fit place given
    fit [] [] = Just []
    fit (part : place) (given : rest) = case Bytes.uncons part of
      Just (':', name) -> ((name, given) :) <$> fit place rest
      _ | part == given -> fit place rest
      _ -> Nothing
    fit _ _ = Nothing
