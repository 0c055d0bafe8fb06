module Main (main) where

import System.Environment (lookupEnv)

import Answer (site)
import Web.Server (serve)

main :: IO ()
main = do
  port <- maybe 8080 read <$> lookupEnv "PORT"
  serve port site
