//! A server that gives back what it gets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// A server that answers everything with an error that repeats what it was sent.
pub(crate) async fn echo() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                let mut length = 0;
                // Small requests: the head and the form come within a few reads.
                while let Ok(read) = socket.read(&mut buffer[length..]).await {
                    length += read;
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                        let wanted = head.to_lowercase().lines().find_map(|line| {
                            line.strip_prefix("content-length: ")
                                .and_then(|n| n.parse().ok())
                        });
                        body.len() >= wanted.unwrap_or(0)
                    });
                    if read == 0 || complete {
                        break;
                    }
                }
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let body = serde_json::json!({ "error": {
                    "message": format!("bad request: {request}"), "type": "OAuthException",
                    "code": 100, "error_user_title": request.clone(),
                    "error_user_msg": request, "fbtrace_id": "Aecho",
                }})
                .to_string();
                let answer = format!(
                    "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    url.parse().unwrap()
}
