from jamie_kubernetes.server import main

main()
