"""Plan: read every page and list its blocks in order, before anything is run or rendered."""
