"""`python -m jamie_lab`."""

from jamie_lab.cli import main

main()
