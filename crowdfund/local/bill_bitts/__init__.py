"""Simulator of the Bill Bitts / NEO Bank gateway: own process, own state, own keys, real HTTP.

It enforces the bank's protocol and shares no code with the adapter, so that a mistake in one of
them is seen by the other.
"""
