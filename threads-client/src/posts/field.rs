//! Which fields of a post are asked for.
//!
//! Meta refuses a whole call for one field that the endpoint does not have or the token may not read, so each
//! endpoint has a set of its own, and the sets hold only what every account can read.

use std::borrow::Cow;

use crate::open_enum::open_enum;

/// What every endpoint has and every post can use.
macro_rules! common {
    ($($more:literal),*) => {
        concat!(
            "id,media_type,text,permalink,timestamp,username,shortcode,media_url,thumbnail_url,",
            "children{id,media_type,media_url,thumbnail_url,alt_text},is_quote_post,quoted_post,",
            "link_attachment_url,topic_tag,alt_text,gif_url,",
            "poll_attachment{option_a,option_b,option_c,option_d,option_a_votes_percentage,",
            "option_b_votes_percentage,option_c_votes_percentage,option_d_votes_percentage,",
            "total_votes,expiration_timestamp},",
            "text_entities,text_attachment,is_spoiler_media,has_replies"
            $(, ",", $more)*
        )
    };
}

/// Of own posts. The author is known, so its picture is not asked for a hundred times.
pub(crate) const OWN_POSTS: &str = common!("reposted_post,owner");
/// Of one post, which may be a reply, and may be of somebody else.
pub(crate) const ONE_POST: &str = common!(
    "reposted_post,owner,is_verified,profile_picture_url",
    "is_reply,root_post,replied_to"
);
/// Of posts that mention the account.
pub(crate) const MENTIONS: &str = common!("reposted_post,is_verified,profile_picture_url");
/// Of ghost posts, which are texts and nothing else.
pub(crate) const GHOST_POSTS: &str = "id,media_type,text,permalink,timestamp,username,shortcode,owner,text_entities,\
     ghost_post_status,ghost_post_expiration_timestamp";
/// Of replies. They are never reposts, and their lists do not know `owner`.
pub(crate) const REPLIES: &str = common!(
    "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status",
    "is_verified,profile_picture_url"
);
/// Of replies that wait for approval.
pub(crate) const PENDING_REPLIES: &str = common!(
    "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status",
    "is_verified,profile_picture_url,reply_approval_status"
);
/// Of own replies.
pub(crate) const OWN_REPLIES: &str =
    common!("is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status");
/// Of posts of a public profile, which do not know `owner`.
pub(crate) const PROFILE_POSTS: &str = common!("reposted_post");
/// Of posts that a search finds, which do not know `owner`.
pub(crate) const SEARCH: &str = common!("is_verified,profile_picture_url");

open_enum! {
    /// A field of [`Post`](crate::Post) that can be asked for; the id always comes.
    ///
    /// Not every endpoint has every field: `Owner` is missing in lists of replies, in searches and on posts of
    /// public profiles, `ReplyApprovalStatus` is only in lists of pending replies. Meta refuses the whole
    /// call for a field that an endpoint does not have, or that the token may not read.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::PostField;
    ///
    /// let fields = [PostField::Timestamp, PostField::Permalink];
    /// println!("asking for {}", fields.each_ref().map(PostField::as_str).join(" and "));
    /// for post in client.posts().list().fields(fields).send().await?.items {
    ///     println!("{:?}: {:?}", post.timestamp, post.permalink);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub enum PostField {
        /// Product; always Threads.
        MediaProductType = "media_product_type",
        /// Kind of post.
        MediaType = "media_type",
        /// Text.
        Text = "text",
        /// Address on the web.
        Permalink = "permalink",
        /// Time of publication.
        Timestamp = "timestamp",
        /// Handle of the author.
        Username = "username",
        /// Short form of the id.
        Shortcode = "shortcode",
        /// Address of the image or video.
        MediaUrl = "media_url",
        /// Address of a still of the video.
        ThumbnailUrl = "thumbnail_url",
        /// Id of the author.
        Owner = "owner",
        /// Whether the author is verified.
        IsVerified = "is_verified",
        /// Address of the author's picture.
        ProfilePictureUrl = "profile_picture_url",
        /// Items of a carousel, each with kind, addresses and description.
        Children = "children",
        /// Whether it quotes another post.
        IsQuotePost = "is_quote_post",
        /// Quoted post.
        QuotedPost = "quoted_post",
        /// Reposted post.
        RepostedPost = "reposted_post",
        /// Link shown as a card.
        LinkAttachmentUrl = "link_attachment_url",
        /// Topic.
        TopicTag = "topic_tag",
        /// Description of the media.
        AltText = "alt_text",
        /// Address of the GIF.
        GifUrl = "gif_url",
        /// Poll, with all its parts.
        PollAttachment = "poll_attachment",
        /// Special parts of the text.
        TextEntities = "text_entities",
        /// Attached long text.
        TextAttachment = "text_attachment",
        /// Whether the media is blurred.
        IsSpoilerMedia = "is_spoiler_media",
        /// Whether there are replies.
        HasReplies = "has_replies",
        /// Whether it is a reply.
        IsReply = "is_reply",
        /// Whether it is a reply of this account.
        IsReplyOwnedByMe = "is_reply_owned_by_me",
        /// Top of the conversation.
        RootPost = "root_post",
        /// What the reply answers.
        RepliedTo = "replied_to",
        /// Whether the reply is hidden.
        HideStatus = "hide_status",
        /// State of the approval; only of pending replies.
        ReplyApprovalStatus = "reply_approval_status",
        /// Who may reply; own posts and replies, with `threads_read_replies`.
        ReplyAudience = "reply_audience",
        /// Id of the tagged place, with `threads_location_tagging`.
        LocationId = "location_id",
        /// Tagged place with all its parts, with `threads_location_tagging`.
        Location = "location",
        /// Countries the post is shown in.
        AllowlistedCountryCodes = "allowlisted_country_codes",
        /// Whether the ghost post is still to be seen.
        GhostPostStatus = "ghost_post_status",
        /// When the ghost post ends.
        GhostPostExpirationTimestamp = "ghost_post_expiration_timestamp",
    }
}

impl PostField {
    /// The field as it is asked for: Meta leaves the parts of these out unless they are named.
    fn expanded(&self) -> &str {
        match self {
            Self::Children => "children{id,media_type,media_url,thumbnail_url,alt_text}",
            Self::PollAttachment => {
                "poll_attachment{option_a,option_b,option_c,option_d,option_a_votes_percentage,\
                 option_b_votes_percentage,option_c_votes_percentage,option_d_votes_percentage,\
                 total_votes,expiration_timestamp}"
            }
            Self::Location => {
                "location{id,address,city,country,name,latitude,longitude,postal_code}"
            }
            other => other.as_str(),
        }
    }
}

/// The `fields` parameter of one call: a set, or the set and more.
#[derive(Debug, Clone)]
pub(crate) struct FieldSet(Cow<'static, str>);

impl FieldSet {
    pub(crate) fn of(set: &'static str) -> Self {
        Self(Cow::Borrowed(set))
    }

    /// The id and these, and nothing else.
    pub(crate) fn only(fields: impl IntoIterator<Item = PostField>) -> Self {
        Self::of("id").and(fields)
    }

    pub(crate) fn and(self, fields: impl IntoIterator<Item = PostField>) -> Self {
        let mut set = self.0;
        for field in fields {
            if !names(&set).any(|name| name == field.as_str()) {
                let set = set.to_mut();
                set.push(',');
                set.push_str(field.expanded());
            }
        }
        Self(set)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The names in a set, without their parts.
fn names(set: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    set.split(move |character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' => return depth == 0,
            _ => {}
        }
        false
    })
    .map(|part| part.split_once('{').map_or(part, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: [&str; 9] = [
        OWN_POSTS,
        ONE_POST,
        MENTIONS,
        GHOST_POSTS,
        REPLIES,
        PENDING_REPLIES,
        OWN_REPLIES,
        PROFILE_POSTS,
        SEARCH,
    ];

    #[test]
    fn the_sets_hold_each_known_field_once_and_in_its_expanded_form() {
        for set in SETS {
            let mut seen = std::collections::HashSet::new();
            for name in names(set) {
                assert!(seen.insert(name), "{name} is twice in {set}");
                let field = PostField::from(name);
                assert!(
                    name == "id" || !matches!(field, PostField::Unknown(_)),
                    "{name}"
                );
                assert!(
                    name == "id" || set.contains(field.expanded()),
                    "{name} in {set}"
                );
            }
        }
    }

    #[test]
    fn no_set_asks_for_what_needs_another_scope_or_is_missing_there() {
        for set in SETS {
            for name in ["reply_audience", "location", "location_id"] {
                assert!(names(set).all(|other| other != name), "{name} in {set}");
            }
        }
        for set in [
            REPLIES,
            PENDING_REPLIES,
            OWN_REPLIES,
            PROFILE_POSTS,
            SEARCH,
            MENTIONS,
        ] {
            assert!(names(set).all(|name| name != "owner"), "{set}");
        }
    }

    #[test]
    fn a_field_is_added_once_and_with_its_parts() {
        let set = FieldSet::of("id,text").and([
            PostField::Text,
            PostField::Children,
            PostField::AltText,
            PostField::AltText,
        ]);

        assert_eq!(
            set.as_str(),
            "id,text,children{id,media_type,media_url,thumbnail_url,alt_text},alt_text"
        );
        assert_eq!(FieldSet::only([]).as_str(), "id");
    }
}
