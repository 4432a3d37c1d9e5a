//! Plays for a [`Server`](super::Server): replies, streams and their parts.

use super::{Play, Step};

/// The play, with a gate before its first step.
pub fn gated(play: Play) -> Play {
    let mut gated = vec![Step::Gate];
    gated.extend(play);
    gated
}

/// A JSON response with a length.
pub fn json(status: u16, body: &str) -> Play {
    http(
        status,
        "Content-Type: application/json; charset=UTF-8\r\n",
        body,
    )
}

/// A response with a length and these headers, each ended by CRLF.
pub fn http(status: u16, headers: &str, body: &str) -> Play {
    vec![Step::Send(response(status, headers, body))]
}

/// The bytes of a response with a length.
pub fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into()
}

/// A complete reply whose text is `content`.
pub fn reply(content: &str) -> Play {
    json(200, &reply_body(content, "stop"))
}

/// The body of a complete reply.
pub fn reply_body(content: &str, finish_reason: &str) -> String {
    serde_json::json!({
        "choices": [{
            "finish_reason": finish_reason,
            "index": 0,
            "message": { "content": content, "role": "assistant" },
        }],
        "created": 1_749_454_064,
        "id": "id-1",
        "model": "glm-4-airx",
        "request_id": "id-1",
        "usage": { "completion_tokens": 2, "prompt_tokens": 1, "total_tokens": 3 },
    })
    .to_string()
}

/// A chunked event stream with one HTTP chunk for each piece, and the last chunk.
pub fn stream<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = B>) -> Play {
    let mut play = vec![stream_head()];
    play.extend(pieces.into_iter().map(|piece| chunk(piece.as_ref())));
    play.push(last_chunk());
    play
}

/// A streamed answer of these deltas.
pub fn stream_of<'a>(deltas: impl IntoIterator<Item = &'a str>) -> Play {
    let deltas = deltas.into_iter().map(delta);
    stream(deltas.chain([finish_frame("stop"), DONE.into()]))
}

/// A response with status 200 and no length: its body ends with the connection.
pub fn unframed(content_type: &str, body: &str) -> Play {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n");
    vec![
        Step::Send([head.as_bytes(), body.as_bytes()].concat()),
        Step::Close,
    ]
}

/// The head of a chunked event stream.
pub fn stream_head() -> Step {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n";
    Step::Send(head.into())
}

/// One HTTP chunk.
pub fn chunk(bytes: &[u8]) -> Step {
    Step::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
}

/// The chunk that ends a body.
pub fn last_chunk() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// The frame of a text delta.
pub fn delta(content: &str) -> String {
    let content = serde_json::json!(content);
    format!(
        "data: {{\"id\":\"id-1\",\"created\":1,\"model\":\"glm-4-airx\",\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":{content}}}}}]}}\n\n"
    )
}

/// The frame that ends a stream's answer, with its usage.
pub fn finish_frame(reason: &str) -> String {
    format!(
        "data: {{\"id\":\"id-1\",\"created\":1,\"model\":\"glm-4-airx\",\"choices\":[{{\"index\":0,\"finish_reason\":\"{reason}\",\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}}}\n\n"
    )
}

/// The frame that ends a stream.
pub const DONE: &str = "data: [DONE]\n\n";
