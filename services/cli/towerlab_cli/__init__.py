"""The command line: what the API does, for people at a terminal and for scripts."""
