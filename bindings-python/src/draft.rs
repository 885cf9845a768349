//! Drafts and their media, checked when they are made.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;
use threads_client::{Draft, DraftContent, Media, MediaKind, ReplyControl};

use crate::arguments::{Texts, url};
use crate::error::{ToException, invalid};
use crate::models::ToPython;
use crate::runtime::guard;

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

/// What every kind of draft may have.
struct Options<'a> {
    topic_tag: Option<String>,
    reply_control: Option<&'a str>,
    reply_to: Option<String>,
    quote: Option<String>,
    location: Option<String>,
    countries: Texts,
}

#[expect(
    clippy::too_many_arguments,
    reason = "keyword arguments of Python, each with a default"
)]
#[pymethods]
impl PyDraft {
    /// A text post.
    #[staticmethod]
    #[pyo3(signature = (text, *, link_attachment=None, topic_tag=None, reply_control=None,
        reply_to=None, quote=None, location=None, countries=Texts(Vec::new())))]
    #[pyo3(
        text_signature = "(text, *, link_attachment=None, topic_tag=None, reply_control=None, \
        reply_to=None, quote=None, location=None, countries=())"
    )]
    fn text(
        py: Python<'_>,
        text: String,
        link_attachment: Option<&str>,
        topic_tag: Option<String>,
        reply_control: Option<&str>,
        reply_to: Option<String>,
        quote: Option<String>,
        location: Option<String>,
        countries: Texts,
    ) -> PyResult<Self> {
        guard(|| {
            let mut draft = Draft::text(text);
            if let Some(link) = link_attachment {
                draft = draft.link_attachment(url(py, "link_attachment", link)?);
            }
            let options = Options {
                topic_tag,
                reply_control,
                reply_to,
                quote,
                location,
                countries,
            };
            options.apply(py, draft)
        })
    }

    /// A post of one image.
    #[staticmethod]
    #[pyo3(signature = (url, *, text=None, alt_text=None, is_spoiler_media=false, topic_tag=None,
        reply_control=None, reply_to=None, quote=None, location=None, countries=Texts(Vec::new())))]
    #[pyo3(
        text_signature = "(url, *, text=None, alt_text=None, is_spoiler_media=False, \
        topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, countries=())"
    )]
    fn image(
        py: Python<'_>,
        url: &str,
        text: Option<String>,
        alt_text: Option<String>,
        is_spoiler_media: bool,
        topic_tag: Option<String>,
        reply_control: Option<&str>,
        reply_to: Option<String>,
        quote: Option<String>,
        location: Option<String>,
        countries: Texts,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::image(self::url(py, "url", url)?);
            let draft = with_media_options(draft, text, alt_text, is_spoiler_media);
            let options = Options {
                topic_tag,
                reply_control,
                reply_to,
                quote,
                location,
                countries,
            };
            options.apply(py, draft)
        })
    }

    /// A post of one video.
    #[staticmethod]
    #[pyo3(signature = (url, *, text=None, alt_text=None, is_spoiler_media=false, topic_tag=None,
        reply_control=None, reply_to=None, quote=None, location=None, countries=Texts(Vec::new())))]
    #[pyo3(
        text_signature = "(url, *, text=None, alt_text=None, is_spoiler_media=False, \
        topic_tag=None, reply_control=None, reply_to=None, quote=None, location=None, countries=())"
    )]
    fn video(
        py: Python<'_>,
        url: &str,
        text: Option<String>,
        alt_text: Option<String>,
        is_spoiler_media: bool,
        topic_tag: Option<String>,
        reply_control: Option<&str>,
        reply_to: Option<String>,
        quote: Option<String>,
        location: Option<String>,
        countries: Texts,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::video(self::url(py, "url", url)?);
            let draft = with_media_options(draft, text, alt_text, is_spoiler_media);
            let options = Options {
                topic_tag,
                reply_control,
                reply_to,
                quote,
                location,
                countries,
            };
            options.apply(py, draft)
        })
    }

    /// A post of two to twenty images and videos.
    #[staticmethod]
    #[pyo3(signature = (media, *, text=None, is_spoiler_media=false, topic_tag=None,
        reply_control=None, reply_to=None, quote=None, location=None, countries=Texts(Vec::new())))]
    #[pyo3(
        text_signature = "(media, *, text=None, is_spoiler_media=False, topic_tag=None, \
        reply_control=None, reply_to=None, quote=None, location=None, countries=())"
    )]
    fn carousel(
        py: Python<'_>,
        media: Vec<PyRef<'_, PyMedia>>,
        text: Option<String>,
        is_spoiler_media: bool,
        topic_tag: Option<String>,
        reply_control: Option<&str>,
        reply_to: Option<String>,
        quote: Option<String>,
        location: Option<String>,
        countries: Texts,
    ) -> PyResult<Self> {
        guard(|| {
            let draft = Draft::carousel(media.iter().map(|item| item.0.clone()).collect());
            let draft = with_media_options(draft, text, None, is_spoiler_media);
            let options = Options {
                topic_tag,
                reply_control,
                reply_to,
                quote,
                location,
                countries,
            };
            options.apply(py, draft)
        })
    }

    /// The draft that :meth:`to_dict` gave.
    #[staticmethod]
    fn from_dict(py: Python<'_>, values: &Bound<'_, PyDict>) -> PyResult<Self> {
        guard(|| {
            let json: String = py
                .import("json")?
                .call_method1("dumps", (values,))?
                .extract()?;
            // The reason names members and types, which is all that a person can act on.
            let draft = serde_json::from_str(&json)
                .map_err(|reason| invalid(py, "values", &reason.to_string()))?;
            checked(py, draft)
        })
    }

    /// The draft as plain values, ready for ``json.dumps``.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let json = serde_json::to_string(&self.0)
                .map_err(|reason| PyValueError::new_err(reason.to_string()))?;
            py.import("json")?.call_method1("loads", (json,))
        })
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
        guard(|| Ok(format!("Draft.from_dict({})", self.to_dict(py)?.repr()?)))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        guard(|| {
            let values = slf.get().to_dict(slf.py())?;
            Ok((slf.getattr("from_dict")?, (values,)))
        })
    }
}

fn with_media_options(
    mut draft: Draft,
    text: Option<String>,
    alt_text: Option<String>,
    is_spoiler_media: bool,
) -> Draft {
    if let Some(text) = text {
        draft = draft.with_text(text);
    }
    if let Some(alt_text) = alt_text {
        draft = draft.alt_text(alt_text);
    }
    draft.is_spoiler_media = is_spoiler_media;
    draft
}

impl Options<'_> {
    fn apply(self, py: Python<'_>, mut draft: Draft) -> PyResult<PyDraft> {
        if let Some(name) = self.reply_control {
            let control: ReplyControl = serde_json::from_value(Value::from(name))
                .map_err(|reason| invalid(py, "reply_control", &reason.to_string()))?;
            draft = draft.reply_control(control);
        }
        draft.topic_tag = self.topic_tag;
        draft.reply_to = self.reply_to.map(Into::into);
        draft.quote = self.quote.map(Into::into);
        draft.location = self.location.map(Into::into);
        draft.countries = self.countries.0;
        checked(py, draft)
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
