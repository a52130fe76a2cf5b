"""One value of a recording: paths into its record, found once and remembered."""
