"""Shipped controls, one file per domain; each control is one decorated pytest-style function."""
