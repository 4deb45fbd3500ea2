"""What `milonga explain` can explain. A new kind of topic is a class here and a line below."""

from milonga.cli.topics.constructs import ConstructTopics
from milonga.cli.topics.error_codes import ErrorCodeTopics
from milonga.cli.topics.topic import Topic, TopicKind

KINDS: tuple[TopicKind, ...] = (ErrorCodeTopics(), ConstructTopics())
"""In the order in which they are asked."""


def topic_named(name: str, *, width: int) -> Topic | None:
    """The topic of that name, told in lines of `width` columns; None when no kind knows it."""
    return next((topic for kind in KINDS if (topic := kind.find(name, width=width)) is not None), None)


__all__ = ["KINDS", "Topic", "TopicKind", "topic_named"]
