"""Every claim of the packages, tested in folders that mirror them."""
