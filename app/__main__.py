"""`python -m app` is the `wangge` command."""

from app.cli import main

main()
