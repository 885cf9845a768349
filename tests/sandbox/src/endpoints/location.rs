//! `GET /{location}`: one place.

use axum::http::Method;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment, Target};
use crate::endpoints::media_fields;
use crate::graph_error::{Failure, GraphError};
use crate::place::place;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Location,
    method: Method::GET,
    path: &[Segment::Location],
    access: Access::User,
    scopes: &["threads_location_tagging"],
    parameters: &[],
    fields: media_fields::LOCATION,
    errors: ErrorShape::Graph,
    handler: read,
};

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let place = match call.target {
        Target::Location(id) => place(id),
        _ => None,
    };
    let place = place.ok_or_else(|| GraphError::no_such_object("get", &call.request.path))?;
    Ok(Reply::json(call.selection.apply(&place.object())))
}
