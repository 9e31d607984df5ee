"""Tests of the gRPC sources of pending transactions."""
