"""`python -m jamie_host` is `jamie`."""

from jamie_host.cli import main

main()
