"""Generated from `protos/` by `just protos`; never edited."""
