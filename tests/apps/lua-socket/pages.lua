-- What is answered, by path.
return {
  ["/healthz"] = function() return { status = "ok" } end,
  ["/"] = function() return { hello = "Lua" } end,
}
