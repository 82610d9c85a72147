//! `Reply`: the upstream's own request type, sent as a form whatever the transport, so that it carries any text.

use jiff::tz::TimeZone;

use super::error::Error;
use super::fields::Fields;
use crate::caller::Caller;
use crate::convert::{to_active_calls, to_extension, to_extension_status};
use crate::dispatch::Dispatcher;
use crate::proto::v1::{ReplyRequest, ReplyResponse};
use crate::upstream::Transport;
use crate::upstream::operation::Reply;
use crate::wire::Answer;

pub(super) async fn call(
    dispatcher: &Dispatcher,
    caller: &Caller,
    zone: &TimeZone,
    request: ReplyRequest,
) -> Result<ReplyResponse, Error> {
    let zone = zone.clone();
    let to_response = move |answer| to_response(answer, &zone);
    Ok(dispatcher.send(caller, parse(request)?, to_response).await?)
}

fn parse(request: ReplyRequest) -> Result<Reply, Error> {
    let ReplyRequest {
        i_customer,
        name,
        id,
        extension_record_id,
        i_account,
        i_products,
        get_active_calls,
        is_filtering,
        get_sip_status,
        is_unavailable,
        content_id,
        feature_name,
    } = request;
    let mut fields = Fields::over(Transport::Reply);
    let operation = Reply {
        i_customer: fields.id("i_customer", i_customer),
        name: fields.text_if_set("name", &name),
        id: fields.text_if_set("id", &id),
        extension_record_id: fields.id_if_set("extension_record_id", extension_record_id),
        i_account: fields.id_if_set("i_account", i_account),
        i_products: fields.text_if_set("i_products", &i_products),
        content_id: fields.number_if_set("content_id", content_id),
        feature_name: fields.text_if_set("feature_name", &feature_name),
        get_active_calls,
        is_filtering,
        get_sip_status,
        is_unavailable,
    };
    fields.finish(operation)
}

fn to_response(answer: Answer, zone: &TimeZone) -> ReplyResponse {
    let Answer {
        calls,
        extensions,
        extension,
        extension_deleted,
        extension_statuses,
        // The echo of the licence ends here.
        license: _,
        content_id,
        feature_name,
    } = answer;
    ReplyResponse {
        calls: to_active_calls(calls.unwrap_or_default(), zone),
        extensions: extensions
            .unwrap_or_default()
            .into_iter()
            .map(to_extension)
            .collect(),
        extension: extension.map(to_extension),
        extension_deleted,
        extension_statuses: extension_statuses
            .unwrap_or_default()
            .into_iter()
            .map(to_extension_status)
            .collect(),
        content_id: content_id.into(),
        feature_name: feature_name.unwrap_or_default(),
    }
}
