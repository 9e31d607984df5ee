"""Exchanges on this machine: servers that speak the protocols of Binance, Coinbase and Kraken.

`true_book` is what an exchange knows; `walk` and `recorded` change it; one `*_venue` module says it
in an exchange's words, without I/O; `server` puts that on sockets, and `faults` makes it go wrong.
"""
