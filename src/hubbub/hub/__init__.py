"""Rooms and connections of this node: who gets which frame, and from where on. Nothing here awaits."""
