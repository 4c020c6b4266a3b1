"""EMV cryptography: keys, cryptograms, scripts, certificates and offline authentication."""
