"""What a model can ask of a cluster; knows no HTTP."""
