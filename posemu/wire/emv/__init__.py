"""What a chip card and a payment code speak: BER-TLV, data object lists, APDUs, T=0, EMV QR."""
