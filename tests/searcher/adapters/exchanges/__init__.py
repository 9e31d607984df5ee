"""The protocols of exchanges and the feeds that speak them."""
