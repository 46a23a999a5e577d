"""The modelled Bot API methods, a module per concern. Importing the package fills the registry."""

from . import (  # noqa: F401 (imported for their registrations)
    chats, commands, copies, drafts, files, media, messages, rich, topics, updates, webhook)
from .registry import Call, METHODS, RawJson

__all__ = ["Call", "METHODS", "RawJson"]
