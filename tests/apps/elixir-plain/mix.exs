defmodule Answer.MixProject do
  use Mix.Project

  def project do
    [
      app: :answer,
      version: "0.1.0",
      elixir: "~> 1.14.0",
      start_permanent: Mix.env() == :prod,
      deps: deps()
    ]
  end

  def application do
    [
      extra_applications: [:logger],
      mod: {Answer.Application, []}
    ]
  end

  defp deps do
    [
      {:json, path: "libs/json"},
      {:slug, path: "libs/slug"},
      {:web, path: "libs/web"}
    ]
  end
end
