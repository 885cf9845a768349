//! A request, read completely and understood before anything is decided.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::RequestExt as _;
use axum::body::{Body, to_bytes};
use axum::extract::Multipart;
use axum::http::{Method, header, request::Parts};
use serde_json::Value;

use crate::graph_error::GraphError;
use crate::request_log::{TokenPlacement, fingerprint, is_secret};

/// The largest body that is read.
const LARGEST_BODY: usize = 1 << 20;

/// A request with its parameters, wherever they were sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) parameters: Parameters,
    pub(crate) token: Option<SentToken>,
    /// What is wrong with the form of the request, if anything.
    pub(crate) problem: Option<GraphError>,
    /// The body, for the control interface.
    pub(crate) json: Option<Value>,
}

/// A token and where it was sent.
#[derive(Clone)]
pub(crate) struct SentToken {
    pub(crate) secret: String,
    pub(crate) placement: TokenPlacement,
}

/// The parameters of a request by name, without the access token.
#[derive(Clone, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<&str, GraphError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| GraphError::parameter(format!("The parameter {name} is required")))
    }

    /// The value of a parameter that is a number of Unix seconds.
    pub(crate) fn unix_seconds(&self, name: &str) -> Result<Option<i64>, GraphError> {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    GraphError::parameter(format!("Param {name} must be a UNIX timestamp"))
                })
            })
            .transpose()
    }

    /// The value of a parameter that is `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, GraphError> {
        self.get(name)
            .map(|value| match value {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(GraphError::parameter(format!(
                    "Param {name} must be a boolean"
                ))),
            })
            .transpose()
    }

    /// The names that were sent.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All parameters with secret values replaced, for the log.
    pub(crate) fn to_log(&self) -> Vec<(String, String)> {
        self.0
            .iter()
            .map(|(name, value)| {
                let value = if is_secret(name) {
                    fingerprint(value)
                } else {
                    value.clone()
                };
                (name.clone(), value)
            })
            .collect()
    }
}

impl Request {
    /// Reads a request to its end.
    pub(crate) async fn read(request: axum::http::Request<Body>) -> Self {
        let (parts, body) = request.into_parts();
        let mut reading = Reading::new(&parts);
        reading.read_query(&parts);
        reading.read_body(&parts, body).await;
        reading.finish(parts)
    }

    /// The parameters for the log, the token among them.
    pub(crate) fn to_log(&self) -> Vec<(String, String)> {
        let mut parameters = self.parameters.to_log();
        if let Some(token) = &self.token
            && token.placement != TokenPlacement::Header
        {
            parameters.push(("access_token".to_owned(), fingerprint(&token.secret)));
            parameters.sort();
        }
        parameters
    }
}

/// A request while it is being read.
struct Reading {
    values: BTreeMap<String, String>,
    token: Option<SentToken>,
    problem: Option<GraphError>,
    json: Option<Value>,
}

impl Reading {
    fn new(parts: &Parts) -> Self {
        let mut reading = Self {
            values: BTreeMap::new(),
            token: None,
            problem: None,
            json: None,
        };
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            match value
                .to_str()
                .ok()
                .and_then(|value| value.strip_prefix("Bearer "))
            {
                Some(secret) => reading.add_token(secret.trim().to_owned(), TokenPlacement::Header),
                None => reading.refuse("The Authorization header must be \"Bearer <token>\""),
            }
        }
        reading
    }

    fn refuse(&mut self, message: &str) {
        self.problem
            .get_or_insert_with(|| GraphError::parameter(message));
    }

    fn add_token(&mut self, secret: String, placement: TokenPlacement) {
        match &self.token {
            Some(sent) if sent.secret != secret => {
                self.refuse("The request carries two different access tokens");
            }
            Some(_) => {}
            None => self.token = Some(SentToken { secret, placement }),
        }
    }

    fn add(&mut self, name: String, value: String, placement: TokenPlacement) {
        if name == "access_token" {
            self.add_token(value, placement);
            return;
        }
        match self.values.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => {
                let message = format!("The parameter {} was sent twice", entry.key());
                self.refuse(&message);
            }
        }
    }

    fn read_query(&mut self, parts: &Parts) {
        let query = parts.uri.query().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            self.add(name.into_owned(), value.into_owned(), TokenPlacement::Query);
        }
    }

    async fn read_body(&mut self, parts: &Parts, body: Body) {
        let content_type = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if essence == "multipart/form-data" {
            return self.read_multipart(parts, body).await;
        }
        let Ok(bytes) = to_bytes(body, LARGEST_BODY).await else {
            return self.refuse("The request body is too large or broken");
        };
        if bytes.is_empty() {
            return;
        }
        if parts.method == Method::GET {
            return self.refuse("A GET request carries its parameters in the query string");
        }
        match essence.as_str() {
            "application/x-www-form-urlencoded" => {
                for (name, value) in url::form_urlencoded::parse(&bytes) {
                    self.add(name.into_owned(), value.into_owned(), TokenPlacement::Body);
                }
            }
            "application/json" => self.read_json(&bytes),
            _ => self.refuse(
                "The body must be application/x-www-form-urlencoded, multipart/form-data or \
                 application/json",
            ),
        }
    }

    fn read_json(&mut self, bytes: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Value>(bytes) else {
            return self.refuse("The body is not valid JSON");
        };
        if let Value::Object(members) = &json {
            for (name, value) in members {
                let value = match value {
                    Value::String(text) => text.clone(),
                    Value::Null => continue,
                    other => other.to_string(),
                };
                self.add(name.clone(), value, TokenPlacement::Body);
            }
        } else {
            self.refuse("The JSON body must be an object");
        }
        self.json = Some(json);
    }

    async fn read_multipart(&mut self, parts: &Parts, body: Body) {
        let mut request = axum::http::Request::new(body);
        *request.method_mut() = parts.method.clone();
        *request.headers_mut() = parts.headers.clone();
        let broken = "The multipart body is broken";
        let Ok(mut multipart) = request.extract::<Multipart, _>().await else {
            return self.refuse(broken);
        };
        loop {
            match multipart.next_field().await {
                Ok(None) => return,
                Err(_) => return self.refuse(broken),
                Ok(Some(field)) => {
                    let name = field.name().unwrap_or_default().to_owned();
                    if field.file_name().is_some() {
                        return self.refuse("Files cannot be uploaded; send a URL instead");
                    }
                    let Ok(value) = field.text().await else {
                        return self.refuse(broken);
                    };
                    self.add(name, value, TokenPlacement::Body);
                }
            }
        }
    }

    fn finish(self, parts: Parts) -> Request {
        Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            parameters: Parameters(self.values),
            token: self.token,
            problem: self.problem,
            json: self.json,
        }
    }
}
