//! The conversations of a lively account: a post of every kind, and the people around it.
//!
//! Instants are hours before the sandbox's start, oldest first.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::content::{Content, MediaKind};
use crate::id::{PostId, UserId};
use crate::people::{FANS, PRIVATE_PERSON, PlannedPost, text_content};
use crate::place::PLACES;
use crate::post::{Approval, HideStatus};
use crate::state::State;

/// How many replies come after the start without any doing.
const LATER_REPLIES: i64 = 40;

const REMARKS: [&str; 8] = [
    "Following for the next part.",
    "My kitchen table is jealous.",
    "Is there a list of parts?",
    "That hinge, though.",
    "Looks heavy.",
    "Looks light.",
    "Version two when?",
    "Sent this to my brother.",
];

/// Writes the past and plans the future of every lively account.
pub(crate) fn write(state: &mut State) {
    let owners: Vec<(UserId, String)> = state
        .accounts()
        .filter(|user| user.is_lively)
        .map(|user| (user.id, user.username.clone()))
        .collect();
    for (owner, name) in owners {
        Scene { state, owner, name }.play();
    }
}

struct Scene<'a> {
    state: &'a mut State,
    owner: UserId,
    name: String,
}

impl Scene<'_> {
    fn play(&mut self) {
        let lamp = self.post(
            FANS[0],
            480,
            text_content("A lamp out of one sheet of paper."),
        );
        let bench = self.post(FANS[1], 479, text_content("My bench folds into the wall."));
        for (hours, text) in [
            (472, "News from Meta."),
            (471, "More news from Meta."),
            (470, "All the news from Meta."),
        ] {
            self.post("meta", hours, text_content(text));
        }

        let mut hello = text_content("Ask me anything about the paper lamp.");
        hello.topic_tag = Some("Making".to_owned());
        let hello = self.own(460, hello);
        self.discuss(hello);

        let video = self.own(420, video());
        let carousel = self.carousel();
        self.own(400, carousel);
        let mut poll = text_content("Which one first?");
        poll.poll = Some(
            ["Lamp", "Chair", "Shelf", "Clock"]
                .map(str::to_owned)
                .to_vec(),
        );
        let poll = self.own(380, poll);
        self.own(360, place());
        let mut quote = text_content("Look at this folding.");
        quote.quotes = Some(lamp);
        self.own(340, quote);
        let mut repost = Content::new(MediaKind::Repost);
        repost.reposts = Some(bench);
        self.own(330, repost);
        let mut ghost = text_content("Gone by tomorrow.");
        ghost.is_ghost = true;
        self.own(300, ghost.clone());
        self.write_features();
        self.mention(lamp, hello, poll);
        let approvals = self.ask_for_approval();
        self.own(3, ghost);

        self.plan_replies(&[hello, video, poll, approvals]);
    }

    /// A conversation with every hide status, nested replies, and more than one page.
    fn discuss(&mut self, root: PostId) {
        let question = self.reply(FANS[0], 459, root, "Which glue do you use?");
        let answer = self.reply_of_owner(458, question, "None, it is folded.");
        self.reply(FANS[0], 457, answer, "Folded? All of it?");
        let spam = self.reply(FANS[1], 456, root, "Cheap lamps at my place.");
        self.reply(FANS[2], 455, spam, "Please stop.");
        self.hush(spam, HideStatus::Hidden);
        for (fan, hours, status) in [
            (FANS[2], 454, HideStatus::Covered),
            (FANS[3], 453, HideStatus::Blocked),
            (FANS[4], 452, HideStatus::Restricted),
            (FANS[5], 451, HideStatus::Unhushed),
        ] {
            let reply = self.reply(fan, hours, root, "You are wrong about paper.");
            self.hush(reply, status);
        }
        self.reply(
            PRIVATE_PERSON,
            450,
            root,
            "Lovely, but do not tell anybody.",
        );
        let mut voice = Content::new(MediaKind::Audio);
        voice.media_url = Some("https://media.example/seed/voice.m4a".to_owned());
        voice.reply_to = Some(root);
        self.post(FANS[0], 449, voice);
        let mut picture = text_content("Mine looks like this.");
        picture.kind = MediaKind::Image;
        picture.media_url = Some("https://media.example/seed/my-lamp.jpg".to_owned());
        picture.alt_text = Some("A crumpled paper lamp".to_owned());
        picture.reply_to = Some(root);
        self.post(FANS[1], 448, picture);
        for (hours, (fan, remark)) in (424..448)
            .rev()
            .zip(FANS.iter().cycle().zip(REMARKS.iter().cycle()))
        {
            self.reply(fan, hours, root, remark);
        }
    }

    /// One post for each remaining feature.
    fn write_features(&mut self) {
        let mut gif = text_content("It moves.");
        gif.gif_id = Some("seedgif1".to_owned());
        self.own(290, gif);

        let mut attachment = text_content("The whole story is attached.");
        attachment.text_attachment = Some(json!({
            "plaintext": "Paper has a grain. Fold along it first.",
            "link_attachment_url": "https://studio.example/story",
            "text_with_styling_info": [
                { "offset": 0, "length": 5, "styling_info": ["bold", "italic"] },
                { "offset": 6, "length": 3, "styling_info": ["highlight"] },
                { "offset": 12, "length": 5, "styling_info": ["underline", "strikethrough"] },
            ],
        }));
        self.own(280, attachment);

        let mut spoiler = text_content("It was the cat.");
        spoiler.text_entities =
            Some(json!([{ "entity_type": "SPOILER", "offset": 11, "length": 3 }]));
        self.own(270, spoiler);

        let mut gated = text_content("Workshop in Bandung next week.");
        gated.countries = ["ID", "SG"].map(str::to_owned).to_vec();
        self.own(260, gated);

        for (hours, control) in [
            (250, "accounts_you_follow"),
            (249, "mentioned_only"),
            (248, "parent_post_author_only"),
            (247, "followers_only"),
        ] {
            let mut content = text_content("Not everybody may answer this.");
            content.reply_control = Some(control.to_owned());
            self.own(hours, content);
        }

        let mut link = text_content("The plans are out.");
        link.link_attachment = Some("https://studio.example/plans".to_owned());
        self.own(240, link);

        let mut flagged = video();
        flagged.text = Some("With a song in the background.".to_owned());
        let flagged = self.own(230, flagged);
        if let Some(post) = self.state.posts.get_mut(&flagged) {
            post.is_flagged = true;
        }
    }

    /// People who mention and quote the account, and an answer of its own.
    fn mention(&mut self, lamp: PostId, hello: PostId, poll: PostId) {
        let name = self.name.clone();
        let text = |text: &str| format!("@{name} {text}");
        self.post(FANS[0], 200, text_content(&text("made me fold this.")));
        let mut picture = text_content(&text("look, mine stands!"));
        picture.kind = MediaKind::Image;
        picture.media_url = Some("https://media.example/seed/stands.jpg".to_owned());
        self.post(FANS[1], 199, picture);
        self.reply(FANS[2], 198, lamp, &text("would like this one."));
        self.post(PRIVATE_PERSON, 197, text_content(&text("in private.")));
        if let Ok(tester) = self.state.find_user("tiny.telescope") {
            let tester = tester.username.clone();
            self.post(
                &tester,
                196,
                text_content(&text("could you print a mount?")),
            );
        }
        for (fan, hours, quoted) in [(FANS[3], 190, poll), (FANS[4], 189, hello)] {
            let mut quote = text_content("Have a look.");
            quote.quotes = Some(quoted);
            self.post(fan, hours, quote);
        }
        let own = self.reply_of_owner(180, lamp, "Neat. Which paper?");
        self.reply(FANS[0], 179, own, "The brown one from the bakery.");
    }

    /// A post whose replies wait, with one of each decision.
    fn ask_for_approval(&mut self) -> PostId {
        let mut content = text_content("Serious questions only, please.");
        content.approves_replies = true;
        let post = self.own(100, content);
        self.reply(FANS[0], 99, post, "Is it fireproof?");
        self.reply(FANS[1], 98, post, "Is it waterproof?");
        let ignored = self.reply(FANS[2], 97, post, "Is it edible?");
        self.decide(ignored, Approval::Ignored);
        let approved = self.reply(FANS[3], 96, post, "How long does it last?");
        self.decide(approved, Approval::Approved);
        self.reply(FANS[4], 95, approved, "Two winters for me.");
        post
    }

    fn plan_replies(&mut self, posts: &[PostId]) {
        let seed = self.state.seed.child("later replies", self.owner.0);
        for number in 1..=LATER_REPLIES {
            let key = number.unsigned_abs();
            let minutes = number * 420 + i64::try_from(seed.bits(key) % 300).unwrap_or(0);
            let remark = seed.pick(key, &REMARKS).copied().unwrap_or_default();
            let mut content = text_content(remark);
            content.reply_to = seed.pick(key + 1_000, posts).copied();
            let fan = seed.pick(key + 2_000, &FANS).copied().unwrap_or_default();
            let author = self.person(fan);
            let due = self.state.started_at + TimeDelta::minutes(minutes);
            self.state.plan(PlannedPost {
                due,
                author,
                content,
            });
        }
    }

    fn carousel(&mut self) -> Content {
        let mut content = text_content("Four steps, two of them here.");
        content.kind = MediaKind::Carousel;
        let mut picture = Content::new(MediaKind::Image);
        picture.media_url = Some("https://media.example/seed/step-1.jpg".to_owned());
        picture.alt_text = Some("A square sheet with one fold".to_owned());
        let mut film = Content::new(MediaKind::Video);
        film.media_url = Some("https://media.example/seed/step-2.mp4".to_owned());
        film.alt_text = Some("Hands turning the sheet".to_owned());
        content.children = [picture, film]
            .into_iter()
            .map(|mut child| {
                child.is_carousel_item = true;
                self.state.add_container(self.owner, child, None)
            })
            .collect();
        content
    }

    fn own(&mut self, hours: i64, content: Content) -> PostId {
        let at = self.at(hours);
        self.state.add_post(self.owner, content, at)
    }

    fn post(&mut self, who: &str, hours: i64, content: Content) -> PostId {
        let (author, at) = (self.person(who), self.at(hours));
        self.state.add_post(author, content, at)
    }

    fn reply(&mut self, who: &str, hours: i64, to: PostId, text: &str) -> PostId {
        let mut content = text_content(text);
        content.reply_to = Some(to);
        self.post(who, hours, content)
    }

    fn reply_of_owner(&mut self, hours: i64, to: PostId, text: &str) -> PostId {
        let mut content = text_content(text);
        content.reply_to = Some(to);
        self.own(hours, content)
    }

    fn hush(&mut self, reply: PostId, status: HideStatus) {
        if let Some(post) = self.state.posts.get_mut(&reply) {
            post.hide_status = status;
        }
    }

    fn decide(&mut self, reply: PostId, approval: Approval) {
        if let Some(post) = self.state.posts.get_mut(&reply) {
            post.approval = Some(approval);
        }
    }

    fn at(&self, hours: i64) -> DateTime<Utc> {
        self.state.started_at - TimeDelta::hours(hours)
    }

    /// Somebody by name; the names here are good, so the owner never stands in.
    fn person(&mut self, name: &str) -> UserId {
        self.state.person(name).unwrap_or(self.owner)
    }
}

fn video() -> Content {
    let mut content = text_content("The lamp in the wind.");
    content.kind = MediaKind::Video;
    content.media_url = Some("https://media.example/seed/wind.mp4".to_owned());
    content.alt_text = Some("A paper lamp swings on a balcony".to_owned());
    content.is_spoiler_media = true;
    content
}

fn place() -> Content {
    let mut content = text_content("Our yard in the morning.");
    content.kind = MediaKind::Image;
    content.media_url = Some("https://media.example/seed/yard.jpg".to_owned());
    content.location_id = PLACES.last().map(|place| place.id.to_string());
    content
}
