"""Clients that others wrote, driven against our relay from an environment of their own."""
