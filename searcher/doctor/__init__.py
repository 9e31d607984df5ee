"""Checks of everything that a network's configuration names, one small function each."""
