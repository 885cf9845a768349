//! Drafts and their media, checked when they are made.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use threads_client::{
    Draft, DraftContent, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment,
    DraftTextStyle, Media, MediaKind,
};

use crate::arguments::{Texts, named, url};
use crate::error::ToException;
use crate::models::ToPython;
use crate::runtime::guard;
use crate::stored::{from_dict, to_dict};

/// An image or a video that Meta will fetch from a public address.
#[pyclass(frozen, eq, name = "Media", module = "threads_monitor")]
#[derive(Clone, PartialEq)]
pub(crate) struct PyMedia(pub(crate) Media);

#[pymethods]
impl PyMedia {
    /// An image: JPEG or PNG, up to 8 MB.
    #[staticmethod]
    #[pyo3(signature = (url, *, alt_text=None))]
    fn image(py: Python<'_>, url: &str, alt_text: Option<String>) -> PyResult<Self> {
        guard(|| {
            Ok(Self::described(
                Media::image(self::url(py, "url", url)?),
                alt_text,
            ))
        })
    }

    /// A video: MP4 or MOV, up to 1 GB and five minutes.
    #[staticmethod]
    #[pyo3(signature = (url, *, alt_text=None))]
    fn video(py: Python<'_>, url: &str, alt_text: Option<String>) -> PyResult<Self> {
        guard(|| {
            Ok(Self::described(
                Media::video(self::url(py, "url", url)?),
                alt_text,
            ))
        })
    }

    /// Which of the two: ``"image"`` or ``"video"``.
    #[getter]
    fn kind(&self) -> PyResult<&'static str> {
        guard(|| {
            Ok(match self.0.kind {
                MediaKind::Image => "image",
                MediaKind::Video => "video",
            })
        })
    }

    /// Where Meta fetches it.
    #[getter]
    fn url(&self) -> PyResult<&str> {
        guard(|| Ok(self.0.url.as_str()))
    }

    /// Description for people who do not see it.
    #[getter]
    fn alt_text(&self) -> PyResult<Option<&str>> {
        guard(|| Ok(self.0.alt_text.as_deref()))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| {
            let url = self.0.url.as_str().to_python(py)?.repr()?;
            let alt_text = self.0.alt_text.to_python(py)?.repr()?;
            Ok(format!(
                "Media.{}({url}, alt_text={alt_text})",
                self.kind()?
            ))
        })
    }
}

impl PyMedia {
    fn described(media: Media, alt_text: Option<String>) -> Self {
        Self(match alt_text {
            Some(text) => media.alt_text(text),
            None => media,
        })
    }
}

impl ToPython for PyMedia {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, self.clone())?.into_any())
    }
}

/// A post to be published.
#[pyclass(frozen, eq, name = "Draft", module = "threads_monitor")]
#[derive(Clone, PartialEq)]
pub(crate) struct PyDraft(pub(crate) Draft);

#[pymethods]
impl PyDraft {
    /// A text post.
    #[staticmethod]
    #[pyo3(signature = (text, *, link_attachment=None, **options))]
    #[pyo3(
        text_signature = "(text, *, link_attachment=None, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn text(
        py: Python<'_>,
        text: String,
        link_attachment: Option<&str>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = with_link(py, Draft::text(text), link_attachment)?;
            Options::of(options)?.apply(py, draft)
        })
    }

    /// A poll of two to four options.
    #[staticmethod]
    #[pyo3(signature = (question, choices, **options))]
    #[pyo3(
        text_signature = "(question, choices, *, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn poll(
        py: Python<'_>,
        question: String,
        choices: Texts,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let mut poll = DraftPoll::new("", "");
            poll.options = choices.0;
            Options::of(options)?.apply(py, Draft::poll(question, poll))
        })
    }

    /// A post of one GIF of GIPHY.
    #[staticmethod]
    #[pyo3(signature = (gif_id, *, text=None, link_attachment=None, **options))]
    #[pyo3(
        text_signature = "(gif_id, *, text=None, link_attachment=None, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn gif(
        py: Python<'_>,
        gif_id: String,
        text: Option<String>,
        link_attachment: Option<&str>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = with_text(Draft::gif(DraftGif::giphy(gif_id)), text);
            let draft = with_link(py, draft, link_attachment)?;
            Options::of(options)?.apply(py, draft)
        })
    }

    /// A post with a longer text attached.
    #[staticmethod]
    #[pyo3(signature = (plaintext, *, text=None, styles=Vec::new(), link_attachment_url=None,
        link_attachment=None, **options))]
    #[pyo3(
        text_signature = "(plaintext, *, text=None, styles=(), link_attachment_url=None, \
        link_attachment=None, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn text_attachment(
        py: Python<'_>,
        plaintext: String,
        text: Option<String>,
        #[pyo3(from_py_with = styles)] styles: Vec<DraftTextStyle>,
        link_attachment_url: Option<&str>,
        link_attachment: Option<&str>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let mut attachment = DraftTextAttachment::new(plaintext);
            attachment.text_with_styling_info = styles;
            if let Some(link) = link_attachment_url {
                attachment = attachment.link_attachment_url(url(py, "link_attachment_url", link)?);
            }
            let draft = with_text(Draft::text_attachment(attachment), text);
            let draft = with_link(py, draft, link_attachment)?;
            Options::of(options)?.apply(py, draft)
        })
    }

    /// A text that is archived after 24 hours.
    #[staticmethod]
    #[pyo3(signature = (text, **options))]
    #[pyo3(
        text_signature = "(text, *, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn ghost_post(
        py: Python<'_>,
        text: String,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| Options::of(options)?.apply(py, Draft::ghost_post(text)))
    }

    /// A post of one image.
    #[staticmethod]
    #[pyo3(signature = (url, *, text=None, alt_text=None, is_spoiler_media=false, **options))]
    #[pyo3(
        text_signature = "(url, *, text=None, alt_text=None, is_spoiler_media=False, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn image(
        py: Python<'_>,
        url: &str,
        text: Option<String>,
        alt_text: Option<String>,
        is_spoiler_media: bool,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::image(self::url(py, "url", url)?);
            let draft = with_media_options(draft, text, alt_text, is_spoiler_media);
            Options::of(options)?.apply(py, draft)
        })
    }

    /// A post of one video.
    #[staticmethod]
    #[pyo3(signature = (url, *, text=None, alt_text=None, is_spoiler_media=false, **options))]
    #[pyo3(
        text_signature = "(url, *, text=None, alt_text=None, is_spoiler_media=False, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn video(
        py: Python<'_>,
        url: &str,
        text: Option<String>,
        alt_text: Option<String>,
        is_spoiler_media: bool,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::video(self::url(py, "url", url)?);
            let draft = with_media_options(draft, text, alt_text, is_spoiler_media);
            Options::of(options)?.apply(py, draft)
        })
    }

    /// A post of two to twenty images and videos.
    #[staticmethod]
    #[pyo3(signature = (media, *, text=None, is_spoiler_media=false, **options))]
    #[pyo3(
        text_signature = "(media, *, text=None, is_spoiler_media=False, topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, \
        countries=(), spoilers=(), enable_reply_approvals=False, share_to_instagram=None)"
    )]
    fn carousel(
        py: Python<'_>,
        media: Vec<PyRef<'_, PyMedia>>,
        text: Option<String>,
        is_spoiler_media: bool,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::carousel(media.iter().map(|item| item.0.clone()).collect());
            let draft = with_media_options(draft, text, None, is_spoiler_media);
            Options::of(options)?.apply(py, draft)
        })
    }

    /// The draft that :meth:`to_dict` gave.
    #[staticmethod]
    fn from_dict(py: Python<'_>, values: &Bound<'_, PyDict>) -> PyResult<Self> {
        guard(|| checked(py, from_dict(values)?))
    }

    /// The same of a draft that need not be fit to be published yet.
    #[staticmethod]
    fn unfinished(values: &Bound<'_, PyDict>) -> PyResult<Self> {
        guard(|| from_dict(values).map(Self))
    }

    /// The draft as plain values, ready for ``json.dumps``.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| to_dict(py, &self.0))
    }

    /// The text, or the caption of media.
    #[getter]
    fn body(&self) -> PyResult<Option<&str>> {
        guard(|| Ok(self.0.text.as_deref()))
    }

    /// Its images and videos, in order.
    #[getter]
    fn media<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let media: Vec<PyMedia> = match &self.0.content {
                DraftContent::Single(media) => vec![PyMedia(media.clone())],
                DraftContent::Carousel(items) => items.iter().cloned().map(PyMedia).collect(),
                _ => Vec::new(),
            };
            media.to_python(py)
        })
    }

    /// What Meta may or may not refuse, in words.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let warnings: Vec<_> = self.0.warnings().iter().map(ToString::to_string).collect();
            warnings.to_python(py)
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| {
            let maker = if self.0.validate().is_ok() {
                "from_dict"
            } else {
                "unfinished"
            };
            Ok(format!("Draft.{maker}({})", self.to_dict(py)?.repr()?))
        })
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        guard(|| {
            let values = slf.get().to_dict(slf.py())?;
            // One that is kept may not be fit to be published.
            Ok((slf.getattr("unfinished")?, (values,)))
        })
    }
}

fn with_text(draft: Draft, text: Option<String>) -> Draft {
    match text {
        Some(text) => draft.with_text(text),
        None => draft,
    }
}

fn with_link(py: Python<'_>, draft: Draft, link: Option<&str>) -> PyResult<Draft> {
    Ok(match link {
        Some(link) => draft.link_attachment(url(py, "link_attachment", link)?),
        None => draft,
    })
}

fn with_media_options(
    draft: Draft,
    text: Option<String>,
    alt_text: Option<String>,
    is_spoiler_media: bool,
) -> Draft {
    let mut draft = with_text(draft, text);
    draft.alt_text = alt_text;
    draft.is_spoiler_media = is_spoiler_media;
    draft
}

/// Parts of a text, each with its offset, its length and its styles.
fn styles(object: &Bound<'_, PyAny>) -> PyResult<Vec<DraftTextStyle>> {
    object
        .try_iter()?
        .map(|style| {
            let (offset, length, names): (u32, u32, Texts) = style?.extract()?;
            let styling = names
                .0
                .iter()
                .map(|name| named(object.py(), "styles", name))
                .collect::<PyResult<Vec<DraftStyling>>>()?;
            Ok(DraftTextStyle::new(offset, length, styling))
        })
        .collect()
}

/// What every kind of draft may have.
#[derive(Default)]
struct Options {
    topic_tag: Option<String>,
    reply_control: Option<String>,
    reply_to: Option<String>,
    quote: Option<String>,
    location: Option<String>,
    countries: Vec<String>,
    spoilers: Vec<DraftSpoiler>,
    enable_reply_approvals: bool,
    share_to_instagram: Option<String>,
}

impl Options {
    fn of(arguments: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut options = Self::default();
        for (name, value) in arguments.into_iter().flatten() {
            let name: String = name.extract()?;
            options
                .read(&name, &value)
                .map_err(|error| about_argument(value.py(), &name, error))?;
        }
        Ok(options)
    }

    fn read(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match name {
            "topic_tag" => self.topic_tag = value.extract()?,
            "reply_control" => self.reply_control = value.extract()?,
            "reply_to" => self.reply_to = value.extract()?,
            "quote" => self.quote = value.extract()?,
            "location" => self.location = value.extract()?,
            "countries" => self.countries = value.extract::<Texts>()?.0,
            "spoilers" => {
                self.spoilers = value
                    .try_iter()?
                    .map(|spoiler| {
                        let (offset, length) = spoiler?.extract()?;
                        Ok(DraftSpoiler::new(offset, length))
                    })
                    .collect::<PyResult<_>>()?;
            }
            "enable_reply_approvals" => self.enable_reply_approvals = value.extract()?,
            "share_to_instagram" => self.share_to_instagram = value.extract()?,
            _ => return Err(PyTypeError::new_err("there is no such option")),
        }
        Ok(())
    }

    fn apply(self, py: Python<'_>, mut draft: Draft) -> PyResult<PyDraft> {
        if let Some(name) = self.reply_control {
            draft = draft.reply_control(named(py, "reply_control", &name)?);
        }
        if let Some(name) = self.share_to_instagram {
            draft = draft.share_to_instagram(named(py, "share_to_instagram", &name)?);
        }
        draft.topic_tag = self.topic_tag;
        draft.reply_to = self.reply_to.map(Into::into);
        draft.quote = self.quote.map(Into::into);
        draft.location = self.location.map(Into::into);
        draft.countries = self.countries;
        draft.spoilers = self.spoilers;
        draft.enable_reply_approvals = self.enable_reply_approvals;
        checked(py, draft)
    }
}

/// Says which argument has the wrong type, as Python does; other errors stay as they are.
fn about_argument(py: Python<'_>, name: &str, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyTypeError>(py) {
        PyTypeError::new_err(format!("argument '{name}': {}", error.value(py)))
    } else {
        error
    }
}

fn checked(py: Python<'_>, draft: Draft) -> PyResult<PyDraft> {
    draft.validate().map_err(|error| error.to_exception(py))?;
    Ok(PyDraft(draft))
}

impl From<Draft> for PyDraft {
    fn from(draft: Draft) -> Self {
        Self(draft)
    }
}

impl ToPython for PyDraft {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, self.clone())?.into_any())
    }
}
