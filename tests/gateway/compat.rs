//! What tools and browsers speak: reflection in both versions, gRPC-Web.

use portico::proto::v1::{ListExtensionsRequest, ListExtensionsResponse};
use portico::upstream::Transport;
use prost::Message as _;
use prost_types::FileDescriptorProto;
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::{Gateway, Log, RunningSandbox, SERVICE};

/// The services that reflection must list.
const SERVICES: [&str; 2] = ["grpc.health.v1.Health", SERVICE];

/// The files that describe the contract.
const FILES: [&str; 2] = [
    "porta/customerextension/v1/customer_extension.proto",
    "google/rpc/status.proto",
];

fn file_names(encoded: &[Vec<u8>]) -> Vec<String> {
    let decode = |bytes: &Vec<u8>| FileDescriptorProto::decode(&**bytes).expect("a descriptor");
    encoded
        .iter()
        .map(decode)
        .map(|file| file.name().to_owned())
        .collect()
}

#[tokio::test]
async fn reflection_v1_describes_the_service() {
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(gateway.channel().await);
    let requests = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol(SERVICE.to_owned()),
        MessageRequest::FileByFilename(FILES[0].to_owned()),
        MessageRequest::FileByFilename(FILES[1].to_owned()),
        MessageRequest::FileContainingSymbol("google.rpc.BadRequest".to_owned()),
    ];
    let requests = requests.map(|request| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    });
    let answers = client.server_reflection_info(tokio_stream::iter(requests)).await;
    let mut answers = answers.expect("reflection").into_inner();
    let mut files = Vec::new();
    while let Some(answer) = answers.message().await.expect("reflection does not fail") {
        match answer.message_response.expect("an answer") {
            MessageResponse::ListServicesResponse(list) => {
                let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
                assert!(
                    SERVICES.iter().all(|name| names.iter().any(|n| n == name)),
                    "{names:?}"
                );
            }
            MessageResponse::FileDescriptorResponse(found) => {
                files.extend(file_names(&found.file_descriptor_proto));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(files, [FILES[0], FILES[0], FILES[1], "error_details.proto"]);
}

#[tokio::test]
async fn reflection_v1alpha_describes_the_service() {
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(gateway.channel().await);
    let requests = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol(SERVICE.to_owned()),
    ];
    let requests = requests.map(|request| v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    });
    let answers = client.server_reflection_info(tokio_stream::iter(requests)).await;
    let mut answers = answers.expect("reflection").into_inner();
    let mut files = Vec::new();
    while let Some(answer) = answers.message().await.expect("reflection does not fail") {
        match answer.message_response.expect("an answer") {
            MessageResponse::ListServicesResponse(list) => {
                let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
                assert!(
                    SERVICES.iter().all(|name| names.iter().any(|n| n == name)),
                    "{names:?}"
                );
            }
            MessageResponse::FileDescriptorResponse(found) => {
                files.extend(file_names(&found.file_descriptor_proto));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(files, [FILES[0]]);
}

/// A gRPC-Web call of `ListExtensions` over HTTP/1.1: the frames of the answer by their flag.
async fn web_call(gateway: &Gateway, i_customer: i64) -> Vec<(u8, Vec<u8>)> {
    let message = ListExtensionsRequest {
        i_customer,
        product_ids: vec![],
    }
    .encode_to_vec();
    let length = u32::try_from(message.len()).expect("it is small").to_be_bytes();
    let body = [&[0], &length[..], &message].concat();
    let answer = reqwest::Client::new()
        .post(format!("http://{}/{SERVICE}/ListExtensions", gateway.grpc))
        .version(reqwest::Version::HTTP_11)
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let mut rest = &*answer.bytes().await.expect("a body").to_vec();
    let mut frames = Vec::new();
    while let [flag, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        frames.push((*flag, after[..length].to_vec()));
        rest = &after[length..];
    }
    frames
}

#[tokio::test]
async fn a_browser_calls_over_http_1() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    let frames = web_call(&gateway, 1).await;
    let [(0, message), (0x80, trailers)] = &*frames else {
        panic!("{frames:?}");
    };
    let answer = ListExtensionsResponse::decode(&**message).expect("a message");
    assert_eq!(answer.extensions.len(), 3);
    assert_eq!(
        String::from_utf8_lossy(trailers).replace(' ', ""),
        "grpc-status:0\r\n"
    );
}

#[tokio::test]
async fn the_end_of_a_browsers_call_is_told_as_its_status() {
    let log = Log::capture();
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Transport::Routes).await;
    web_call(&gateway, 1).await;
    let text = log.text();
    let told: Vec<_> = text
        .lines()
        .filter(|line| line.contains("the RPC ended"))
        .collect();
    let ok =
        |line: &&&str| line.contains("/ListExtensions") && line.contains("rpc.response.status_code=\"OK\"");
    assert_eq!(told.iter().filter(ok).count(), 1, "{told:#?}");
}
