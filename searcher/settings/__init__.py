"""The sections of `config.toml`, one file for each room of the program."""
