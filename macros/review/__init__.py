"""Review: decide on what a new recording changed, before it is committed.

What is decided on is a change of facts, in words; what follows from it is a page's matter. A
page's recordings come from one run, and are replaced as a whole or not at all: when all changes of
a page are accepted, its new recordings stay; when one is rejected, the earlier ones of the whole
page are put back. An edition is one set of versions: when those changed too, putting one page back
puts all of them back.
"""
