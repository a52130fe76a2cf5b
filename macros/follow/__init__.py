"""Follow: type a page's commands into shells as a reader would, and compare what is seen."""
