"""Order books of exchanges: one connection's protocol without I/O, and a feed that runs it.

A conversation (`binance`, `coinbase`, `kraken`) takes frames and keeps books; `feed` connects,
sends, reconnects and rotates by the limits of the exchange; `desk` joins the exchanges and offers
what is complete, young and sane. All numbers are integers from the text on the wire.
"""
