"""Explorations: what they know of their dataset, what they cost, what comes of them."""
