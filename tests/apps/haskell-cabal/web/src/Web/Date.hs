{-# LANGUAGE OverloadedStrings #-}

-- | Dates as HTTP writes them, from seconds since 1970.
module Web.Date (Date (..), Month (..), Weekday (..), fromSeconds, httpDate, parseDate, toSeconds) where

import Data.ByteString (ByteString)
import qualified Data.ByteString.Char8 as Bytes
import Data.Char (isAlpha, isDigit)
import Text.Read (readMaybe)

import Web.Parser (Parser, byte, literal, run, takeWhile1)

data Weekday = Mon | Tue | Wed | Thu | Fri | Sat | Sun
  deriving (Bounded, Enum, Eq, Ord, Read, Show)

data Month = Jan | Feb | Mar | Apr | May | Jun | Jul | Aug | Sep | Oct | Nov | Dec
  deriving (Bounded, Enum, Eq, Ord, Read, Show)

data Date = Date
  { weekday :: Weekday
  , day :: Int
  , month :: Month
  , year :: Int
  , hour :: Int
  , minute :: Int
  , second :: Int
  }
  deriving (Eq, Ord, Read, Show)

fromSeconds :: Int -> Date
fromSeconds total = Date (toEnum ((days + 3) `mod` 7)) d (toEnum (m - 1)) y (rest `div` 3600) (rest `div` 60 `mod` 60) (rest `mod` 60)
  where
    (days, rest) = total `divMod` 86400
    (y, m, d) = civil days

-- | Year, month and day of the days since 1970, by eras of 400 years that begin in March.
civil :: Int -> (Int, Int, Int)
civil days = (if m <= 2 then y + 1 else y, m, d)
  where
    shifted = days + 719468
    (era, ofEra) = shifted `divMod` 146097
    yearOfEra = (ofEra - ofEra `div` 1460 + ofEra `div` 36524 - ofEra `div` 146096) `div` 365
    y = yearOfEra + era * 400
    ofYear = ofEra - (365 * yearOfEra + yearOfEra `div` 4 - yearOfEra `div` 100)
    mp = (5 * ofYear + 2) `div` 153
    d = ofYear - (153 * mp + 2) `div` 5 + 1
    m = if mp < 10 then mp + 3 else mp - 9

toSeconds :: Date -> Int
toSeconds date = ((days * 24 + hour date) * 60 + minute date) * 60 + second date
  where
    m = fromEnum (month date) + 1
    y = if m <= 2 then year date - 1 else year date
    (era, yearOfEra) = y `divMod` 400
    ofYear = (153 * (if m > 2 then m - 3 else m + 9) + 2) `div` 5 + day date - 1
    days = era * 146097 + yearOfEra * 365 + yearOfEra `div` 4 - yearOfEra `div` 100 + ofYear - 719468

httpDate :: Date -> ByteString
httpDate date = Bytes.unwords [shown (weekday date) <> ",", two (day date), shown (month date), shown (year date), time, "GMT"]
  where
    time = Bytes.intercalate ":" (map two [hour date, minute date, second date])
    two part = (if part < 10 then "0" else "") <> shown part

shown :: Show a => a -> ByteString
shown = Bytes.pack . show

parseDate :: ByteString -> Maybe Date
parseDate input = case run date input of
  Just (Just found, "") -> Just found
  _ -> Nothing
  where
    date = do
      inWeek <- name <* literal ", "
      inMonth <- number <* byte ' '
      ofYear <- name <* byte ' '
      inYear <- number <* byte ' '
      at <- (,,) <$> number <* byte ':' <*> number <* byte ':' <*> number <* literal " GMT"
      let (h, m, s) = at
      pure ((\w o -> Date w inMonth o inYear h m s) <$> inWeek <*> ofYear)

number :: Parser Int
number = maybe 0 fst . Bytes.readInt <$> takeWhile1 isDigit

name :: Read a => Parser (Maybe a)
name = readMaybe . Bytes.unpack <$> takeWhile1 isAlpha
