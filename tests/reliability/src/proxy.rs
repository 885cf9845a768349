//! A network between a process and its database that can be cut without anybody being told:
//! everything that is sent is swallowed, and every connection stays open.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// A network on which everything gets lost while it is cut. It ends with this.
#[derive(Debug)]
pub struct Network {
    address: String,
    is_cut: watch::Sender<bool>,
    listener: JoinHandle<()>,
}

impl Network {
    /// One in front of the database at this address.
    ///
    /// # Errors
    ///
    /// When there is no host in it, or no port is free.
    pub async fn in_front_of(address: &str, answer_within: Duration) -> Result<Self> {
        let mut url = Url::parse(address)?;
        let host = url
            .host_str()
            .context("an address without a host")?
            .to_owned();
        let server = (host, url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        url.set_host(Some("127.0.0.1"))?;
        let _ = url.set_port(Some(port));
        let seconds = answer_within.as_secs().to_string();
        url.query_pairs_mut().append_pair("answer_within", &seconds);
        let (is_cut, cut) = watch::channel(false);
        let listener = tokio::spawn(async move {
            let mut pipes = JoinSet::new();
            while let Ok((here, _)) = listener.accept().await {
                pipes.spawn(join(here, server.clone(), cut.clone()));
                while pipes.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address: url.into(),
            is_cut,
            listener,
        })
    }

    /// The address of the database through this network.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Cuts it: from now on everything is swallowed, in both directions.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Mends it. What was swallowed stays lost.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// One connection. A new one gets through to nobody while the network is cut.
async fn join(here: TcpStream, server: (String, u16), mut cut: watch::Receiver<bool>) {
    if cut.wait_for(|is_cut| !is_cut).await.is_err() {
        return;
    }
    let Ok(there) = TcpStream::connect(server).await else {
        return;
    };
    let (asks, answered) = here.into_split();
    let (answers, asked) = there.into_split();
    // An end that closes is told to the other one only once that can be.
    tokio::select! {
        () = pass(asks, asked, cut.clone()) => {}
        () = pass(answers, answered, cut.clone()) => {}
    }
    let _ = cut.wait_for(|is_cut| !is_cut).await;
}

/// Passes bytes on, unless the network is cut.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    cut: watch::Receiver<bool>,
) {
    let mut part = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut part).await {
        if *cut.borrow() {
            continue;
        }
        if let Some(bytes) = part.get(..length)
            && to.write_all(bytes).await.is_err()
        {
            return;
        }
    }
}
