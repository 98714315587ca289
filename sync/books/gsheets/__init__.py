"""Google spreadsheets: read and written in the fewest calls, opened by id only; staff's cells are never written."""
