"""The program from outside: its commands as processes, on a local chain, with what they print."""
