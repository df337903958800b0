"""Protocols of everything outside the process; their docstrings are the contract every adapter is tested against."""
