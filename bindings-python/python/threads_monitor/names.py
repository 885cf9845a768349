"""The names that Meta and the monitor use, for type checkers and completion.

Where Meta may invent new names, a plain ``str`` is accepted as well.
"""

from typing import Literal

__all__ = [
    "AccountMetric",
    "Breakdown",
    "BulkMode",
    "BulkOutcomeName",
    "ChainChoice",
    "ChainDecision",
    "ChainStanding",
    "Decision",
    "InstagramShare",
    "NextSlot",
    "OccurrenceKind",
    "PartState",
    "PhaseName",
    "PlannedKind",
    "PostMetric",
    "ReplyControl",
    "RestPlace",
    "Scope",
    "Series",
    "ShortMonth",
    "StageName",
    "StopReason",
    "Styling",
    "WarningKind",
    "Weekday",
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

#: In place of an instant: the next free time of the account's queue.
NextSlot = Literal["next_slot"]

#: Where a chain stands, in one word: it goes on by itself; all parts are live; it stopped
#: with fewer.
ChainStanding = Literal["underway", "complete", "partial"]

#: Where a part of a chain stands. ``"current"`` is the one that the post's phase is about.
PartState = Literal[
    "published",
    "current",
    "waiting",
    "blocked",
    "cancelled",
    "discarded",
    "moved",
]

#: What became of the part at which a chain stopped. ``"unknown"``: whether it is live cannot
#: be known. ``"id_unknown"``: it is live, but nothing can answer it.
StopReason = Literal["failed", "cancelled", "missed", "unknown", "id_unknown"]

#: What a person decides about a chain that stopped: the part is live, so it goes on; or the
#: rest is let be.
ChainDecision = Literal["continue", "discard"]

#: Where the rest of a chain goes: below its last live part, or into a chain of its own.
RestPlace = Literal["below", "apart"]

#: What can be done about a chain that stopped: ``decide_chain`` with one of its decisions,
#: or ``finish_chain`` with one of its places.
ChainChoice = Literal["continue", "finish_below", "finish_apart", "discard"]

#: A day of the week.
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

#: What becomes of day 31 in a month of 30 days, and of 29 February: it is on the last day of
#: the month, or there is none in that month.
ShortMonth = Literal["last_day", "skip"]

#: Whether the clocks have a say in what instant a time on a wall is.
OccurrenceKind = Literal["unique", "first", "moved_forward"]

#: What a planned post may collide with.
PlannedKind = Literal["post", "repeated", "live", "line"]

#: What speaks against scheduling a post.
WarningKind = Literal["duplicate", "too_close"]

#: Where a draft stands.
StageName = Literal["open", "waiting", "rejected", "scheduled", "discarded"]

#: What becomes of the rows of a table: it is only said what would be; all rows are scheduled,
#: or none if one has a problem; every row without a problem is scheduled.
BulkMode = Literal["dry_run", "all_or_nothing", "good_rows"]

#: What became of a row of a table.
BulkOutcomeName = Literal["fine", "scheduled", "already_there", "problem", "unconfirmed"]
