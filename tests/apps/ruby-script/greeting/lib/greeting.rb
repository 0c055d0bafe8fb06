module Greeting
  def self.to(name)
    "Hello, #{name}!"
  end
end
