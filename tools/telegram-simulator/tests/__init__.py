"""Tests of the Telegram stand-in, over real HTTP on loopback."""
