"""A strict local stand-in for the Telegram Bot API, its users and their clients.

Standard library only, and no code in common with the product it tests, so that one mistake cannot hide in both.
"""
