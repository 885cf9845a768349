//! The fields of a post, which differ a little between the endpoints that read it.

use crate::fields::Field;

/// The fields that every endpoint knows, after those of one endpoint.
macro_rules! fields {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            Field::plain("id"),
            Field::plain("media_product_type"),
            Field::plain("media_type"),
            Field::plain("media_url"),
            Field::plain("thumbnail_url"),
            Field::plain("permalink"),
            Field::plain("username"),
            Field::plain("text"),
            Field::plain("shortcode"),
            Field::plain("timestamp"),
            Field::nested("children", REFERENCED),
            Field::plain("is_quote_post"),
            Field::nested("quoted_post", REFERENCED),
            Field::nested("reposted_post", REFERENCED),
            Field::plain("alt_text"),
            Field::plain("link_attachment_url"),
            Field::plain("gif_url"),
            Field::nested("poll_attachment", POLL),
            Field::plain("topic_tag"),
            Field::plain("is_spoiler_media"),
            Field::plain("text_entities"),
            Field::plain("text_attachment"),
            Field::plain("ghost_post_status"),
            Field::plain("ghost_post_expiration_timestamp"),
            Field::plain("is_verified"),
            Field::plain("profile_picture_url"),
            Field::plain("has_replies"),
            Field::plain("is_reply"),
            Field::plain("is_reply_owned_by_me"),
            Field::nested("root_post", REFERENCED),
            Field::nested("replied_to", REFERENCED),
            Field::plain("hide_status"),
            Field::plain("reply_audience").with_scope("threads_read_replies"),
            Field::plain("location_id").with_scope("threads_location_tagging"),
            Field::nested("location", LOCATION).with_scope("threads_location_tagging"),
            Field::plain("allowlisted_country_codes"),
        ]
    };
}

/// A post that may be the caller's own: it has an owner.
pub(super) const OWN: &[Field] = fields!(Field::nested("owner", &[Field::plain("id")]));

/// A reply, or a post that was found: its owner is not told.
pub(super) const OTHERS: &[Field] = fields!();

/// A reply that waits for approval.
pub(super) const PENDING: &[Field] = fields!(Field::plain("reply_approval_status"));

/// A place.
pub(super) const LOCATION: &[Field] = &[
    Field::plain("id"),
    Field::plain("name"),
    Field::plain("address"),
    Field::plain("city"),
    Field::plain("country"),
    Field::plain("latitude"),
    Field::plain("longitude"),
    Field::plain("postal_code"),
];

/// The fields of a post inside another one.
const REFERENCED: &[Field] = &[
    Field::plain("id"),
    Field::plain("media_product_type"),
    Field::plain("media_type"),
    Field::plain("media_url"),
    Field::plain("thumbnail_url"),
    Field::plain("permalink"),
    Field::plain("username"),
    Field::plain("text"),
    Field::plain("shortcode"),
    Field::plain("timestamp"),
    Field::plain("alt_text"),
];

const POLL: &[Field] = &[
    Field::plain("option_a"),
    Field::plain("option_b"),
    Field::plain("option_c"),
    Field::plain("option_d"),
    Field::plain("option_a_votes_percentage"),
    Field::plain("option_b_votes_percentage"),
    Field::plain("option_c_votes_percentage"),
    Field::plain("option_d_votes_percentage"),
    Field::plain("total_votes"),
    Field::plain("expiration_timestamp"),
];
