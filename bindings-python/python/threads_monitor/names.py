"""The names that Meta and the monitor use, for type checkers and completion.

Where Meta may invent new names, a plain ``str`` is accepted as well.
"""

from typing import Literal

__all__ = [
    "AccountMetric",
    "Breakdown",
    "Decision",
    "InstagramShare",
    "PhaseName",
    "PostMetric",
    "ReplyControl",
    "Scope",
    "Series",
    "Styling",
]

#: A permission that a user grants to an app.
Scope = Literal[
    "threads_basic",
    "threads_content_publish",
    "threads_delete",
    "threads_keyword_search",
    "threads_location_tagging",
    "threads_manage_insights",
    "threads_manage_mentions",
    "threads_manage_replies",
    "threads_profile_discovery",
    "threads_read_replies",
    "threads_share_to_instagram",
]

#: A number that Meta measures of an account.
AccountMetric = Literal[
    "views",
    "likes",
    "replies",
    "reposts",
    "quotes",
    "clicks",
    "followers_count",
    "follower_demographics",
]

#: A number that Meta measures of a post.
PostMetric = Literal["views", "likes", "replies", "reposts", "quotes", "shares"]

#: How follower demographics are divided.
Breakdown = Literal["age", "city", "country", "gender"]

#: Who may reply to a post.
ReplyControl = Literal[
    "everyone",
    "accounts_you_follow",
    "mentioned_only",
    "parent_post_author_only",
    "followers_only",
]

#: In which look a post is shared to the author's Instagram story.
InstagramShare = Literal["standard", "dark_mode"]

#: How a part of a text attachment looks.
Styling = Literal["bold", "italic", "highlight", "underline", "strikethrough"]

#: A number that the monitor keeps a history of.
Series = Literal[
    "followers",
    "posts_seen",
    "views",
    "likes",
    "replies",
    "reposts",
    "quotes",
    "shares",
    "clicks",
]

#: What a person decides about a post whose outcome cannot be known.
Decision = Literal["it_is_live", "discard"]

#: Where a scheduled post stands.
PhaseName = Literal[
    "scheduled",
    "preparing",
    "ready",
    "publishing",
    "verifying",
    "restored",
    "blocked",
    "needs_attention",
    "published",
    "failed",
    "abandoned",
    "cancelled",
    "missed",
]
