//! Messages as prost writes and reads them. Bytes that are none get the status of a malformed request, which tonic's own
//! codec calls `INTERNAL`.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use crate::status;

/// The codec of the generated server: writes answers `T`, reads requests `U`.
#[derive(Debug)]
pub(super) struct Codec<T, U>(PhantomData<(T, U)>);

/// Reads requests `U`.
#[derive(Debug)]
pub(super) struct RequestDecoder<U>(PhantomData<U>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> tonic::codec::Codec for Codec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = RequestDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        RequestDecoder(PhantomData)
    }
}

impl<U: Message + Default> Decoder for RequestDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        decode(message).map(Some)
    }
}

/// Reads a message.
pub(super) fn decode<U: Message + Default>(message: impl bytes::Buf) -> Result<U, Status> {
    U::decode(message).map_err(|_| status::malformed_request())
}
