"""Modules beside this file can be imported by every test, also from the folders below."""

from hypothesis import settings

# a busy machine is no fault of the program
settings.register_profile("servicebook", deadline=None)
settings.load_profile("servicebook")
