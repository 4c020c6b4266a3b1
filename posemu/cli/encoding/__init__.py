"""What `posemu encode` does: a YAML file -> the bytes or characters it describes.

yaml_file.py   the file with the places of its parts; errors name line and column
build.py       the kinds of things that can be built: TLV, APDUs, QR codes, tracks
message.py     ISO 8583 messages under a dialect
"""
