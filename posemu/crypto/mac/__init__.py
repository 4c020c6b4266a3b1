"""Message authentication codes, and the key check values made with them."""
