"""Public surface of this room."""
