"""Run the server: `python -m jamie_prometheus`."""

from jamie_prometheus.server import main

main()
