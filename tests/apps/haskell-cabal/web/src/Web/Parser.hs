-- | Parsers over bytes, small enough to be read in one go.
module Web.Parser (Parser, run, byte, satisfy, takeWhile0, takeWhile1, literal, optional0, many0, sepBy0, fallback) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes

-- | Takes a start off the bytes, or fails.
newtype Parser a = Parser {run :: ByteString -> Maybe (a, ByteString)}

instance Functor Parser where
  fmap f (Parser p) = Parser (\input -> case p input of
    Nothing -> Nothing
    Just (value, rest) -> Just (f value, rest))

instance Applicative Parser where
  pure value = Parser (\input -> Just (value, input))
  Parser f <*> Parser p = Parser (\input -> case f input of
    Nothing -> Nothing
    Just (g, rest) -> case p rest of
      Nothing -> Nothing
      Just (value, end) -> Just (g value, end))

instance Monad Parser where
  Parser p >>= f = Parser (\input -> case p input of
    Nothing -> Nothing
    Just (value, rest) -> run (f value) rest)

satisfy :: (Char -> Bool) -> Parser Char
satisfy test = Parser (\input -> case Bytes.uncons input of
  Just (first, rest) | test first -> Just (first, rest)
  _ -> Nothing)

byte :: Char -> Parser Char
byte = satisfy . (==)

takeWhile0, takeWhile1 :: (Char -> Bool) -> Parser ByteString
takeWhile0 test = Parser (Just . Bytes.span test)
takeWhile1 test = Parser (\input -> case Bytes.span test input of
  (found, rest) | not (Bytes.null found) -> Just (found, rest)
  _ -> Nothing)

literal :: ByteString -> Parser ()
literal text = Parser (fmap ((,) ()) . Bytes.stripPrefix text)

fallback :: Parser a -> Parser a -> Parser a
fallback (Parser p) (Parser q) = Parser (\input -> maybe (q input) Just (p input))

optional0 :: Parser a -> Parser (Maybe a)
optional0 p = fallback (Just <$> p) (pure Nothing)

many0 :: Parser a -> Parser [a]
many0 p = fallback ((:) <$> p <*> many0 p) (pure [])

sepBy0 :: Parser a -> Parser b -> Parser [a]
sepBy0 p separator = fallback ((:) <$> p <*> many0 (separator *> p)) (pure [])
