"""Closed forms the models must agree with. Pure functions of numpy arrays."""
