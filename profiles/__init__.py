"""Shipped profiles: which controls, which limits."""
