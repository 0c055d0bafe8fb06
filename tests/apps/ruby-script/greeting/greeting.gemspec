Gem::Specification.new do |spec|
  spec.name = "greeting"
  spec.version = "0.1.0"
  spec.summary = "Says hello"
  spec.authors = ["byop"]
  spec.files = ["lib/greeting.rb"]
end
