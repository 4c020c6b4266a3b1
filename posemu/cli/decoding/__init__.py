"""What `posemu decode` does with what it is given: read it in every format, take the best reading,
explain it.

    source.py      the characters that were given -> bytes or text (any hex, hexdumps ...)
    formats.py     the table of formats, and which reading is taken
    iso8583.py ... one reader per format: bytes or text -> Reading
    veil.py        the one place where what may not be shown is hidden
    show.py        a reading as a table, or as JSON
    as_yaml.py     a reading as the YAML that `posemu encode` takes
"""
