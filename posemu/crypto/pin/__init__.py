"""PIN blocks (ISO 9564-1), their translation, and how an issuer verifies a PIN."""
