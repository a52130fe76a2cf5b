"""`make mutate`: does settling hide a change, or show what is none? Asked of every recording.

A page's recording is the old run. The new run is the same with one thing changed. A change that
matters must be in what settling gives (else it is *missed*), a harmless difference must not be
(else it is *raised*). Written against the form of the recordings; it knows nothing of the kinds
that settling knows.
"""
