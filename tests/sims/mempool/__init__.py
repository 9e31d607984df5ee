"""Tests of the local servers of pending transactions."""
