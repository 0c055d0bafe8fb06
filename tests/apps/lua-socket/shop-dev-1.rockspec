package = "shop"
version = "dev-1"
source = { url = "." }
dependencies = {
  "lua >= 5.3",
  "luasocket ~> 3.1",
  "lua-cjson",
}
build = { type = "builtin", modules = {} }
