"""Drafts, containers and publishing, through both faces."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from typing import Any, cast

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    APIConnectionError,
    Container,
    ContainerError,
    Draft,
    InvalidRequestError,
    Media,
    ServerError,
)

IMAGE = "https://media.example/a.jpg"
VIDEO = "https://media.example/b.mp4"


def test_publish_returns_the_id_of_the_live_post(sandbox: Sandbox, face: Face, client: Any) -> None:
    draft = Draft.text("Hello from Python", topic_tag="Python", reply_control="everyone")

    post_id = face.run(client.publishing.publish(draft))

    post = face.run(client.posts.get(post_id))
    assert post.text == "Hello from Python"
    assert post.topic_tag == "Python"
    assert len(sandbox.published()) == 1


def test_the_steps_can_be_taken_one_by_one(sandbox: Sandbox, face: Face, client: Any) -> None:
    publishing = client.publishing

    container_id = face.run(publishing.create_container(Draft.image(IMAGE, alt_text="A cup")))
    assert face.run(publishing.container(container_id)) == Container(
        id=container_id, status="IN_PROGRESS", error_message=None
    )
    sandbox.advance(60)
    assert face.run(publishing.wait_until_finished(container_id)).status == "FINISHED"
    post_id = face.run(publishing.publish_container(container_id))

    assert face.run(client.posts.get(post_id)).alt_text == "A cup"
    assert face.run(publishing.container(container_id)).status == "PUBLISHED"


def test_a_carousel_is_made_of_its_finished_children(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    sandbox.switch(media_readiness={"polls": 0, "seconds": 0})
    media = [Media.image(IMAGE, alt_text="A cup"), Media.video(VIDEO)]
    draft = Draft.carousel(media, text="Two")
    publishing = client.publishing

    children = [face.run(publishing.create_child(item)) for item in media]
    container_id = face.run(publishing.create_carousel(draft, children))
    post_id = face.run(publishing.publish_container(container_id))

    post = face.run(client.posts.get(post_id))
    assert post.media_type == "CAROUSEL_ALBUM"
    assert len(post.children) == 2


def test_a_container_that_fails_says_why(sandbox: Sandbox, face: Face, client: Any) -> None:
    sandbox.fail("create_container", "container_error", times=1, message="FAILED_PROCESSING_VIDEO")

    with pytest.raises(ContainerError) as caught:
        face.run(client.publishing.publish(Draft.video(VIDEO)))

    assert caught.value.container_status == "ERROR"
    assert caught.value.container_id is not None
    container = face.run(client.publishing.container(caught.value.container_id))
    assert container.error_message == "FAILED_PROCESSING_VIDEO"
    assert sandbox.published() == []


def test_waiting_for_a_container_ends(face: Face, client: Any) -> None:
    container_id = face.run(client.publishing.create_container(Draft.image(IMAGE)))

    with pytest.raises(ContainerError) as caught:
        face.run(client.publishing.wait_until_finished(container_id, give_up_after=timedelta(0)))

    assert caught.value.container_status == "IN_PROGRESS"


def test_a_lost_answer_leaves_the_container_to_ask_about(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    sandbox.fail("publish_container", "drop_after_effect", times=1)

    with pytest.raises(APIConnectionError) as caught:
        face.run(client.publishing.publish(Draft.text("Once")))

    container_id = caught.value.container_id
    assert container_id is not None
    assert face.run(client.publishing.container(container_id)).status == "PUBLISHED"
    assert len(sandbox.published()) == 1


def test_a_publication_is_never_sent_twice(sandbox: Sandbox, face: Face) -> None:
    client = face.ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=5)
    sandbox.fail("publish_container", "status_after_effect", status=503)

    with pytest.raises(ServerError):
        face.run(client.publishing.publish(Draft.text("Once")))

    calls = [call for call in sandbox.requests() if "publish_container" in json.dumps(call)]
    assert len(calls) == 1
    assert len(sandbox.published()) == 1


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Draft.text("x" * 501), "text"),
        (lambda: Draft.text("  "), "text"),
        (lambda: Draft.text("a", topic_tag="a.b"), "topic_tag"),
        (lambda: Draft.text("a", link_attachment="ftp://a.example"), "link_attachment"),
        (lambda: Draft.text("a", link_attachment="no address"), "link_attachment"),
        (lambda: Draft.text("a", reply_control=cast("Any", "nobody")), "reply_control"),
        (lambda: Draft.text("a", reply_to="1/2"), "reply_to"),
        (lambda: Draft.text("a", countries=["Germany"]), "countries"),
        (lambda: Draft.text("a", spoilers=[(0, 2)]), "spoilers[0]"),
        (lambda: Draft.text("a", share_to_instagram=cast("Any", "reel")), "share_to_instagram"),
        (lambda: Draft.poll("a", ["one"]), "poll"),
        (lambda: Draft.poll("a", ["one", "x" * 26]), "poll[1]"),
        (lambda: Draft.gif(""), "gif.gif_id"),
        (lambda: Draft.text_attachment("x" * 10001), "text_attachment.plaintext"),
        (lambda: Draft.text_attachment("a", styles=[(0, 1, cast("Any", ["red"]))]), "styles"),
        (
            lambda: Draft.text_attachment("ab", styles=[(0, 2, ["bold"]), (1, 1, ["italic"])]),
            "text_attachment.text_with_styling_info[1]",
        ),
        (lambda: Draft.ghost_post("a", quote="1"), "quote"),
        (lambda: Draft.image("no address"), "url"),
        (lambda: Draft.image("https://user:secret@a.example/b.jpg"), "media.url"),
        (lambda: Draft.image(IMAGE, alt_text="x" * 1001), "alt_text"),
        (lambda: Draft.carousel([Media.image(IMAGE)]), "media"),
        (lambda: Draft.carousel([Media.image(IMAGE)] * 21), "media"),
    ],
)
def test_a_draft_that_meta_would_refuse_cannot_be_made(make: Any, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        make()

    assert isinstance(caught.value, ValueError)
    assert caught.value.field == field
    assert field in str(caught.value)


def test_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Draft.image("https://user:hunter2@a.example/b.jpg")

    assert "hunter2" not in str(caught.value)


def test_a_draft_shows_what_it_is_made_of() -> None:
    draft = Draft.carousel(
        [Media.image(IMAGE, alt_text="A cup"), Media.video(VIDEO)],
        text="Two",
        is_spoiler_media=True,
        countries=("DE", "ID"),
    )

    assert draft.body == "Two"
    assert [item.kind for item in draft.media] == ["image", "video"]
    assert draft.media[0] == Media.image(IMAGE, alt_text="A cup")
    assert draft.media[0].url == IMAGE
    assert draft.media[0].alt_text == "A cup"
    assert draft.warnings == ()
    assert repr(draft.media[1]) == f"Media.video({VIDEO!r}, alt_text=None)"


def test_text_posts_have_the_form_that_rust_keeps() -> None:
    link = "https://a.example/"
    drafts = [
        Draft.poll("Tea?", ["Yes", "No"], enable_reply_approvals=True),
        Draft.gif("3o7", text="Done", share_to_instagram="dark_mode"),
        Draft.text_attachment("Long", styles=[(0, 4, ["bold"])], link_attachment_url=link),
        Draft.ghost_post("Boo", spoilers=[(0, 3)]),
    ]

    assert [draft.to_dict() for draft in drafts] == [
        {
            "content": {"poll": {"options": ["Yes", "No"]}},
            "text": "Tea?",
            "enable_reply_approvals": True,
        },
        {
            "content": {"gif": {"gif_id": "3o7", "provider": "GIPHY"}},
            "text": "Done",
            "share_to_instagram": "dark_mode",
        },
        {
            "content": {
                "text_attachment": {
                    "plaintext": "Long",
                    "link_attachment_url": link,
                    "text_with_styling_info": [
                        {"offset": 0, "length": 4, "styling_info": ["bold"]}
                    ],
                }
            }
        },
        {
            "content": "ghost_post",
            "text": "Boo",
            "spoilers": [{"offset": 0, "length": 3}],
        },
    ]
    for draft in drafts:
        assert eval(repr(draft)) == draft


def test_an_option_of_the_wrong_type_or_name_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="argument 'countries'"):
        Draft.text("a", countries="DE")
    with pytest.raises(TypeError, match="argument 'quote'"):
        Draft.text("a", quote=cast("Any", 1))
    with pytest.raises(TypeError, match="argument 'invented'"):
        Draft.text("a", **cast("Any", {"invented": 1}))


def test_a_poll_is_published(sandbox: Sandbox, face: Face, client: Any) -> None:
    post_id = face.run(client.publishing.publish(Draft.poll("Tea?", ["Yes", "No"])))

    assert [post["post_id"] for post in sandbox.published()] == [post_id]


def test_reposts_and_texts_at_once_say_what_went_wrong(face: Face) -> None:
    client = face.ThreadsClient(access_token="x", base_url="http://127.0.0.1:9/", attempts=5)

    with pytest.raises(APIConnectionError):
        face.run(client.publishing.auto_publish_text(Draft.text("x")))
    with pytest.raises(APIConnectionError):
        face.run(client.publishing.repost("1"))
    with pytest.raises(InvalidRequestError):
        face.run(client.publishing.repost("1/2"))
    with pytest.raises(InvalidRequestError):
        face.run(client.publishing.auto_publish_text(Draft.image(IMAGE)))


def test_a_text_that_may_be_too_long_in_bytes_is_warned_of() -> None:
    (warning,) = Draft.text("é" * 400).warnings

    assert "800 bytes" in warning


def test_a_draft_survives_json_pickle_and_copying() -> None:
    draft = Draft.text("Hi", link_attachment="https://a.example/", quote="123", countries=["DE"])

    assert Draft.from_dict(json.loads(json.dumps(draft.to_dict()))) == draft
    assert pickle.loads(pickle.dumps(draft)) == draft
    assert copy.deepcopy(draft) == draft
    assert eval(repr(draft)) == draft
    assert draft != Draft.text("Hi")


def test_a_stored_draft_with_an_unknown_member_is_refused() -> None:
    values = {**Draft.text("Hi").to_dict(), "invented": True}

    with pytest.raises(InvalidRequestError, match="invented"):
        Draft.from_dict(values)
