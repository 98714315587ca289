"""Modules beside this file can be imported by every test, also from the folders below."""
