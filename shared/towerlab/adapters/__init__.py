"""Thin implementations of the ports; only runtime/wiring.py names them."""
