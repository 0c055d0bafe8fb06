project = "Manual"
extensions = ["myst_parser"]
html_theme = "alabaster"
