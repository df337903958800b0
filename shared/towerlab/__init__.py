"""Towerlab: the domain, its ports and what all services share."""
