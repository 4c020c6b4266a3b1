"""Key hierarchies behind one interface: DUKPT (AES, TDES) and master/session keys."""
