"""Tests in which packages meet on a local chain with the real contracts."""
