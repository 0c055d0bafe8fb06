"""``python -m byop``."""

from .cli import main

main()
