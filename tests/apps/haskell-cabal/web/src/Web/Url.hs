{-# LANGUAGE OverloadedStrings #-}

-- | Paths and queries.
module Web.Url (Query, decode, encode, query, target) where

import Data.Bits (shiftL, shiftR, (.&.), (.|.))
import Data.ByteString (ByteString)
import qualified Data.ByteString as Words
import qualified Data.ByteString.Char8 as Bytes
import Data.Char (digitToInt, intToDigit, isAlphaNum, isAscii, isHexDigit, toUpper)
import Data.Word (Word8)

type Query = [(ByteString, ByteString)]

-- | Puts bytes in the place of `%20` and blanks in that of `+`.
decode :: ByteString -> ByteString
decode = Words.pack . go . Words.unpack
  where
    go (37 : high : low : rest)
      | isHex high && isHex low = (digit high `shiftL` 4 .|. digit low) : go rest
    go (43 : rest) = 32 : go rest
    go (first : rest) = first : go rest
    go [] = []
    isHex = isHexDigit . toEnum . fromIntegral
    digit = fromIntegral . digitToInt . toEnum . fromIntegral :: Word8 -> Word8

encode :: ByteString -> ByteString
encode = Bytes.concatMap escape
  where
    escape c
      | isAscii c && (isAlphaNum c || c `elem` ("-_.~" :: String)) = Bytes.singleton c
      | otherwise = Bytes.pack ['%', hex (fromEnum c `shiftR` 4), hex (fromEnum c .&. 15)]
    hex = toUpper . intToDigit

query :: ByteString -> Query
query text = [pair part | part <- Bytes.split '&' text, not (Bytes.null part)]
  where
    pair part = let (name, value) = Bytes.break (== '=') part in (decode name, decode (Bytes.drop 1 value))

-- | The path and the query of what a request asks for.
target :: ByteString -> (ByteString, Query)
target text = let (path, rest) = Bytes.break (== '?') text in (decode path, query (Bytes.drop 1 rest))
