//! A peer that speaks HTTP badly, one behaviour for all its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What the peer does with a request after it has read all of it.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    /// Nothing, for as long as the other side waits.
    Silence,
    /// Closes the connection.
    Close,
    /// Throws the connection away, so that the other side reads a reset.
    Reset,
    /// Writes these bytes and throws the connection away.
    WriteAndReset(String),
    /// Says that it will send nothing, and goes on reading.
    ShutAndWait,
    /// Writes these bytes and closes the connection.
    Write(String),
    /// Writes these bytes and reads the next request.
    WriteAndKeep(String),
}

/// A listening peer; gone when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) base: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Peer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (requests, connections) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(serve(
            listener,
            behaviour,
            Arc::clone(&requests),
            Arc::clone(&connections),
        ));
        Self {
            base,
            requests,
            connections,
            task,
        }
    }

    /// A well-behaved peer that answers all requests alike and keeps connections open.
    pub(crate) async fn start_keeping_alive(body: &str) -> Self {
        let length = body.len();
        Self::start(Behaviour::WriteAndKeep(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
        )))
        .await
    }

    /// Whole requests that came in.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A listener whose queue is full, so that connecting to it gets no answer.
#[derive(Debug)]
pub(crate) struct FullListener {
    pub(crate) base: String,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl FullListener {
    pub(crate) async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        for _ in 0..16 {
            match timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
                Ok(stream) => queue.push(stream.unwrap()),
                Err(_) => {
                    return Self {
                        base: format!("http://{address}"),
                        _listener: listener,
                        _queue: queue,
                    };
                }
            }
        }
        panic!("the queue does not fill up");
    }
}

/// An address where nothing listens.
pub(crate) async fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(
    listener: TcpListener,
    behaviour: Behaviour,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
) {
    let mut open = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (behaviour, requests) = (behaviour.clone(), Arc::clone(&requests));
        open.push(tokio::spawn(async move {
            // A connection can carry several requests, so this goes on until the other side is done.
            while read_request(&mut stream).await {
                requests.fetch_add(1, Ordering::SeqCst);
                match &behaviour {
                    Behaviour::Silence => {}
                    Behaviour::Close => return,
                    Behaviour::Reset => {
                        stream.set_zero_linger().unwrap();
                        return;
                    }
                    Behaviour::WriteAndReset(bytes) => {
                        let _ = stream.write_all(bytes.as_bytes()).await;
                        stream.set_zero_linger().unwrap();
                        return;
                    }
                    Behaviour::ShutAndWait => {
                        let _ = stream.shutdown().await;
                    }
                    Behaviour::Write(bytes) => {
                        let _ = stream.write_all(bytes.as_bytes()).await;
                        return;
                    }
                    Behaviour::WriteAndKeep(bytes) => {
                        let _ = stream.write_all(bytes.as_bytes()).await;
                    }
                }
            }
        }));
    }
}

/// Reads one request with its body; false at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some(end) = text.find("\r\n\r\n") else {
            continue;
        };
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |value| value.trim().parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return true;
        }
    }
}
