//! A loopback server in a process of its own, so that nobody counts its instructions.
//!
//! It prints its address, serves the bodies of [`threads_bench::bodies`], and ends with its input.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use threads_bench::{Case, Result, bodies};

/// What `threads-rs` asks for when it is given a token.
const TOKEN_INFO: &str = r#"{"data":{"app_id":"1","type":"USER","application":"Harbour","data_access_expires_at":1900000000,"expires_at":1900000000,"is_valid":true,"issued_at":1770000000,"scopes":["threads_basic","threads_manage_insights"],"user_id":"27000000000000001"}}"#;

/// The answers, whole: a request costs the server no work that could delay it.
struct Answers {
    profile: Vec<u8>,
    posts_25: Vec<u8>,
    posts_100: Vec<u8>,
    account_insights: Vec<u8>,
    post_insights: Vec<u8>,
    token_info: Vec<u8>,
    missing: Vec<u8>,
}

fn main() -> Result<()> {
    let answers = Arc::new(Answers {
        profile: answer("200 OK", &bodies::body(Case::Profile)),
        posts_25: answer("200 OK", &bodies::body(Case::Posts25)),
        posts_100: answer("200 OK", &bodies::body(Case::Posts100)),
        account_insights: answer("200 OK", &bodies::body(Case::AccountInsights)),
        post_insights: answer("200 OK", &bodies::body(Case::PostInsights)),
        token_info: answer("200 OK", TOKEN_INFO),
        missing: answer(
            "404 Not Found",
            r#"{"error":{"message":"no such path","code":24}}"#,
        ),
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            thread::spawn(move || serve(stream, &answers));
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// With the headers that Meta sends, the use of the call limit among them.
fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: application/json; charset=UTF-8\r\n\
         x-app-usage: {{\"call_count\":3,\"total_cputime\":0,\"total_time\":1}}\r\n\
         etag: \"0123456789abcdef0123456789abcdef01234567\"\r\n\
         facebook-api-version: v1.0\r\n\
         Strict-Transport-Security: max-age=15552000; preload\r\n\
         Cache-Control: private, no-cache, no-store, must-revalidate\r\n\
         x-fb-request-id: A0bC1dE2fG3hI4jK5lM6nO7\r\n\
         x-fb-trace-id: A0bC1dE2fG3\r\n\
         x-fb-rev: 1030000000\r\n\
         Date: Sun, 17 May 2026 05:42:03 GMT\r\n\
         Connection: keep-alive\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// One connection; requests have no body.
fn serve(mut stream: TcpStream, answers: &Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    let mut buffer = [0_u8; 8192];
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            head.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        stream.write_all(select(&String::from_utf8_lossy(line), answers))?;
        head.clear();
    }
}

/// By the path, with or without a version: `threads-rs` sends none.
fn select<'a>(line: &str, answers: &'a Answers) -> &'a [u8] {
    let target = line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path.strip_prefix("/v1.0").unwrap_or(path) {
        "/me" => &answers.profile,
        "/me/threads" if query.split('&').any(|pair| pair == "limit=100") => &answers.posts_100,
        "/me/threads" => &answers.posts_25,
        "/me/threads_insights" => &answers.account_insights,
        "/17900000000000001/insights" => &answers.post_insights,
        "/debug_token" => &answers.token_info,
        _ => &answers.missing,
    }
}
