"""ISO 8583 messages: dialects as data, the codec, and how messages lie in a byte stream."""
