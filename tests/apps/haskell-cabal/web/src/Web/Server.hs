{-# LANGUAGE ForeignFunctionInterface #-}

-- | A server on the sockets of the C library, so that it needs no package besides those of the compiler.
module Web.Server (serve) where

import Control.Monad (forever, void, when)
import Data.Bits (shiftR, (.&.))
import Data.ByteString (ByteString)
import qualified Data.ByteString as Bytes
import qualified Data.ByteString.Unsafe as Bytes
import Data.Word (Word8)
import Foreign (Ptr, allocaBytes, castPtr, nullPtr, plusPtr, poke, pokeArray, with)
import Foreign.C.Types (CInt (..), CSize (..))
import System.Exit (ExitCode (ExitFailure, ExitSuccess), exitWith)
import System.IO (hPutStrLn, stderr)
import System.Posix.Process (exitImmediately)
import System.Posix.Signals (Handler (Catch, Ignore), installHandler, openEndedPipe, softwareTermination)

import Web.Request (Request, request)
import Web.Response (Response, notAllowed, render)

foreign import ccall "socket" c_socket :: CInt -> CInt -> CInt -> IO CInt
foreign import ccall "setsockopt" c_setsockopt :: CInt -> CInt -> CInt -> Ptr CInt -> CInt -> IO CInt
foreign import ccall "bind" c_bind :: CInt -> Ptr Word8 -> CInt -> IO CInt
foreign import ccall "listen" c_listen :: CInt -> CInt -> IO CInt
foreign import ccall safe "accept" c_accept :: CInt -> Ptr () -> Ptr () -> IO CInt
foreign import ccall safe "recv" c_recv :: CInt -> Ptr () -> CSize -> CInt -> IO CInt
foreign import ccall safe "send" c_send :: CInt -> Ptr () -> CSize -> CInt -> IO CInt
foreign import ccall "close" c_close :: CInt -> IO CInt

-- | Answers requests at a port until the process is asked to end.
serve :: Int -> (Request -> Response) -> IO ()
serve port site = do
  void (installHandler openEndedPipe Ignore Nothing)
  void (installHandler softwareTermination (Catch (exitImmediately ExitSuccess)) Nothing)
  listener <- c_socket 2 1 0
  void (with 1 (\yes -> c_setsockopt listener 1 2 yes 4))
  bound <- bindAny listener port
  when (bound /= 0) (hPutStrLn stderr "cannot bind" >> exitWith (ExitFailure 1))
  void (c_listen listener 64)
  forever $ do
    client <- c_accept listener nullPtr nullPtr
    when (client >= 0) (exchange client (render . maybe notAllowed site . request))

bindAny :: CInt -> Int -> IO CInt
bindAny listener port = allocaBytes 16 $ \address -> do
  pokeArray address (replicate 16 0)
  poke address 2
  poke (address `plusPtr` 2) (fromIntegral (port `shiftR` 8) :: Word8)
  poke (address `plusPtr` 3) (fromIntegral (port .&. 255) :: Word8)
  c_bind listener address 16

exchange :: CInt -> (ByteString -> ByteString) -> IO ()
exchange client answer = do
  input <- allocaBytes 4096 $ \buffer -> do
    count <- c_recv client buffer 4096 0
    Bytes.packCStringLen (castPtr buffer, max 0 (fromIntegral count))
  Bytes.unsafeUseAsCStringLen (answer input) $ \(text, count) ->
    void (c_send client (castPtr text) (fromIntegral count) 0)
  void (c_close client)
