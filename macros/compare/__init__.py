"""Compare: two recordings of the same blocks -> what changed, in the field's words.

Outputs are read into records by kind; free text is compared line by line. Editions are settled
against their base, so identities have the same names on both sides; noise is masked here too,
for a line with a change in it shows what its own run printed. `editions` is the way in.
"""
