"""Thin routers: what they hold is HTTP."""
