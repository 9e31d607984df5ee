"""The archive: what is read back, after kills too."""
