"""Labs: named nodes that run commands over SSH.

The rest of the project needs `lab.Lab`, `providers.find` and `ssh`; how nodes come to be is the
business of `uml` and `vagrant`. Importing this package is cheap and starts nothing.
"""
