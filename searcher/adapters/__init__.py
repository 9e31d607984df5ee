"""The rim: everything that talks to nodes, relays, disks and keys. Nothing here decides."""
