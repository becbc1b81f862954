from jamie_loki.server import main

main()
