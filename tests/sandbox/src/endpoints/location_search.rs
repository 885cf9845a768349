//! `GET /location_search`: places by name, by position, or by both.

use axum::http::Method;
use serde_json::{Value, json};

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::media_fields;
use crate::graph_error::{Failure, GraphError};
use crate::place::{PLACES, Place};
use crate::reply::Reply;
use crate::switches::LocationQuery;
use crate::user::spend;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::LocationSearch,
    method: Method::GET,
    path: &[Segment::Literal("location_search")],
    access: Access::User,
    scopes: &["threads_location_tagging"],
    parameters: &["q", "query", "latitude", "longitude"],
    fields: media_fields::LOCATION,
    errors: ErrorShape::Graph,
    handler: search,
};

/// What an app may search for before it is approved.
const UNAPPROVED_QUERY: &str = "Menlo Park";
/// How far from a position a place may be, in kilometres.
const FARTHEST: f64 = 50.0;

fn search(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller()?.user;
    let name = name(call)?.map(ToOwned::to_owned);
    let position = position(call)?;
    if name.is_none() && position.is_none() {
        return Err(GraphError::parameter(
            "A search for places needs a text, or latitude and longitude",
        )
        .into());
    }
    if !call.state.switches.advanced_access
        && (name.as_deref() != Some(UNAPPROVED_QUERY) || position.is_some())
    {
        let detail = format!("without approval only {UNAPPROVED_QUERY:?} can be searched for");
        return Err(GraphError::permission(&detail).into());
    }
    let quota = call.state.switches.location_search_quota;
    if let Some(user) = call.state.users.get_mut(&caller)
        && !spend(&mut user.location_searches, call.now, quota)
    {
        let what = format!("{quota} searches for places in 24 hours");
        return Err(GraphError::limit_reached(&what).into());
    }
    let mut found: Vec<(f64, &Place)> = PLACES
        .iter()
        .filter(|place| name.as_deref().is_none_or(|name| place.is_called(name)))
        .map(|place| {
            let distance = position.map_or(0.0, |(latitude, longitude)| {
                place.distance(latitude, longitude)
            });
            (distance, place)
        })
        .filter(|(distance, _)| *distance <= FARTHEST)
        .collect();
    found.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let data: Vec<Value> = found
        .into_iter()
        .map(|(_, place)| {
            let mut object = call.selection.apply(&place.object());
            // Here, and only here, the id is a number.
            object["id"] = json!(place.id);
            object
        })
        .collect();
    Ok(Reply::json(json!({ "data": data })))
}

/// The text searched for, under the name that the switch allows.
fn name<'a>(call: &Call<'a>) -> Result<Option<&'a str>, GraphError> {
    let parameters = &call.request.parameters;
    let refused = match call.state.switches.location_query {
        LocationQuery::Q => Some("query"),
        LocationQuery::Query => Some("q"),
        LocationQuery::Either => None,
    };
    if let Some(refused) = refused.filter(|name| parameters.get(name).is_some()) {
        return Err(GraphError::parameter(format!(
            "The parameter {refused} is not documented for this call"
        )));
    }
    let text = match (parameters.get("q"), parameters.get("query")) {
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter(
                "Params q and query exclude each other",
            ));
        }
        (q, query) => q.or(query),
    };
    if text.is_some_and(|text| text.trim().is_empty()) {
        return Err(GraphError::parameter("The text to search for is empty"));
    }
    Ok(text)
}

/// Both coordinates, or neither.
fn position(call: &Call<'_>) -> Result<Option<(f64, f64)>, GraphError> {
    let coordinate = |name: &str, most: f64| {
        call.request
            .parameters
            .get(name)
            .map(|text| {
                text.parse::<f64>()
                    .ok()
                    .filter(|value| value.abs() <= most)
                    .ok_or_else(|| {
                        GraphError::parameter(format!(
                            "Param {name} must be a number from -{most} to {most}"
                        ))
                    })
            })
            .transpose()
    };
    match (
        coordinate("latitude", 90.0)?,
        coordinate("longitude", 180.0)?,
    ) {
        (Some(latitude), Some(longitude)) => Ok(Some((latitude, longitude))),
        (None, None) => Ok(None),
        _ => Err(GraphError::parameter(
            "Params latitude and longitude belong together",
        )),
    }
}
