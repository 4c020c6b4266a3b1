"""Key blocks: keys bound to their use (ANSI X9.143, TR-31, ISO 20038)."""
