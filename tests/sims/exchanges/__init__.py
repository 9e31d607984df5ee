"""The exchanges on this machine."""
