//! One run of the program, from its settings to its end.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use threads_client::{AppSecret, Client, Error as ClientError, OAuthClient};
use threads_monitor::{Monitor, MonitorHandle, Storage, SystemClock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::app::{Activity, App, Mode, Settings};
use crate::commands;
use crate::demo::Demo;
use crate::keys::{self, Keys};
use crate::options::{DEFAULT_LISTEN, DEMO_STORE, Options};
use crate::store::{self, Age, Place};

/// How many ports the demonstration tries.
const PORTS_TRIED: u16 = 20;
/// How long open requests may take when the program ends.
const GOODBYE: Duration = Duration::from_secs(5);

/// Runs the dashboard until `shutdown` is done, or the command that the options name.
///
/// # Errors
///
/// A setting that cannot work, with what to do about it. Nothing is lost then.
pub async fn run(
    options: Options,
    secret: Option<AppSecret>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    if let Some(command) = options.command.clone() {
        return commands::run(command, &options).await;
    }
    // A variable that is set to nothing means that there is none.
    let app_id = options.app_id.clone().filter(|id| !id.trim().is_empty());
    match (app_id, secret) {
        (Some(app_id), Some(secret)) => real(&options, app_id, secret, shutdown).await,
        (Some(_), None) => bail!(
            "THREADS_APP_ID is set, but the app secret is missing: set THREADS_APP_SECRET or --app-secret-file"
        ),
        (None, Some(_)) => bail!(
            "an app secret is set, but THREADS_APP_ID is missing: set both for real accounts, or none for the demonstration"
        ),
        (None, None) if options.base_url.is_some() => bail!(
            "an API address is set, but no app: set THREADS_APP_ID and THREADS_APP_SECRET as well, or leave the address out for the demonstration"
        ),
        (None, None) => demonstration(&options, shutdown).await,
    }
}

/// The app secret from the environment or the file named in the options.
///
/// # Errors
///
/// Both at once, an unreadable file, or an empty one.
pub fn app_secret(options: &Options) -> anyhow::Result<Option<AppSecret>> {
    let variable = std::env::var("THREADS_APP_SECRET")
        .ok()
        .filter(|secret| !secret.trim().is_empty());
    match (variable, &options.app_secret_file) {
        (Some(_), Some(_)) => {
            bail!("both THREADS_APP_SECRET and an app secret file are set: use one of them")
        }
        (Some(secret), None) => Ok(Some(AppSecret::new(secret.trim()))),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the app secret file `{}`", path.display()))?;
            if text.trim().is_empty() {
                bail!("the app secret file `{}` is empty", path.display());
            }
            Ok(Some(AppSecret::new(text.trim())))
        }
        (None, None) => Ok(None),
    }
}

async fn real(
    options: &Options,
    app_id: String,
    secret: AppSecret,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let listener = listen(options, Mode::Real).await?;
    let public_url = public_url(options, &listener)?;
    let (address, age) = options.store_address()?;
    let place = Place::of(&address);
    store::expect_no_demonstration(&place)?;
    let redirect_uri = redirect_uri(&public_url)?;
    let mut oauth = OAuthClient::builder(app_id, secret, redirect_uri.clone());
    let mut client = Client::builder();
    let authorize = match (&options.authorize_url, &options.base_url) {
        (Some(page), _) => Some(page.clone()),
        (None, Some(base)) => Some(
            base.join("oauth/authorize")
                .context("THREADS_BASE_URL cannot be used")?,
        ),
        (None, None) => None,
    };
    if let Some(base) = &options.base_url {
        oauth = oauth.base_url(base.clone());
        client = client.base_url(base.clone());
    }
    if let Some(page) = authorize {
        oauth = oauth.authorize_base(page);
    }
    let oauth = oauth
        .build()
        .context("the API address or the public address cannot be used")?;
    let client = client.build().context("the API address cannot be used")?;
    if !options.skip_check {
        check_app(&oauth, options).await?;
    }
    let storage = store::open(&address).await?;
    let keys = match &place {
        // Nothing is written down, so there is nothing to seal.
        Place::Memory => None,
        _ => Some(Keys::of(options, &place)?),
    };
    let mut sealed = None;
    let builder = match &keys {
        Some(keys) => {
            let done = keys.seal(storage).await?;
            sealed = Some((done.is_new, done.changed));
            Monitor::builder(done.storage)
                .tombstones(keys::tombstones(options, &place, keys).await?)
        }
        None => Monitor::builder(storage),
    };
    let monitor = builder
        .client(client)
        .retention(options.retention())
        .build()?;
    // Before anybody sees them.
    let erased_again = monitor
        .erase_again()
        .await
        .context("those who were erased before cannot be erased again")?;
    let handle = monitor.start();
    let (_activity, activity) = watch::channel(Activity::Running);
    let app = App::new(Settings {
        monitor,
        mode: Mode::Real,
        oauth,
        public_url: public_url.clone(),
        clock: Arc::new(SystemClock),
        store: place.words(),
        keys: keys.as_ref().map(Keys::words),
        contact: options.contact.clone(),
        activity,
    })?;
    say(&format!("Threads Monitoring is at {public_url}"))?;
    say(&format!("  Data:     {}", place.words()))?;
    if age == Age::Old {
        say(
            "            It is from an earlier version, and is used as it is. New ones are SQLite.",
        )?;
    }
    if erased_again > 0 {
        say(&format!(
            "            {erased_again} account(s) in it had been erased before, and were erased again."
        ))?;
    }
    if let Some((keys, (is_new, sealed_now))) = keys.as_ref().zip(sealed) {
        say_keys(keys, is_new, sealed_now)?;
    }
    say(&format!(
        "  Redirect: {redirect_uri} (register it, letter by letter, in the app's settings)"
    ))?;
    if options.base_url.is_none() && public_url.scheme() != "https" {
        say(
            "  Note:     Meta sends people back only to HTTPS addresses. To connect accounts, put a proxy with TLS in front and set --public-url.",
        )?;
    }
    serve(&app, listener, shutdown, Work::Monitor(handle)).await
}

async fn demonstration(
    options: &Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let listener = listen(options, Mode::Demo).await?;
    let public_url = public_url(options, &listener)?;
    // Held until the end, so that a second demonstration does not empty the directory.
    let ((storage, _directory), address) = match &options.store {
        Some(address) => (store::open_demo(address).await?, address.as_str()),
        None => match store::open_demo(DEMO_STORE).await {
            Ok(opened) => (opened, DEMO_STORE),
            // A second demonstration, or a folder that cannot be written to: made-up
            // data is no reason not to start.
            Err(error) => {
                tracing::warn!("{}", words(&error));
                ((Storage::in_memory(), None), "memory:")
            }
        },
    };
    let place = Place::of(address);
    let with_history = !options.no_demo_history;
    let demo = Demo::start(storage, redirect_uri(&public_url)?, with_history).await?;
    let monitor = demo.monitor()?;
    let (tell, activity) = watch::channel(if with_history {
        Activity::Filling {
            progress: "starting".to_owned(),
        }
    } else {
        Activity::Running
    });
    let app = App::new(Settings {
        monitor: monitor.clone(),
        mode: Mode::Demo,
        oauth: demo.oauth().clone(),
        public_url: public_url.clone(),
        clock: Arc::new(SystemClock),
        store: demo_words(&place),
        keys: None,
        contact: options.contact.clone(),
        activity,
    })?;
    say(&format!("Threads Monitoring is at {public_url}"))?;
    say(
        "  Mode:    demonstration. No app is configured, so this program started a sandbox of the Threads API;",
    )?;
    say("           accounts, numbers and posts are made up. See --help for real accounts.")?;
    say(&format!("  Sandbox: {}", demo.sandbox().base_url()))?;
    say(&format!("  Data:    {}", demo_words(&place)))?;
    if place.directory().is_some() {
        say("           It is emptied at each start.")?;
    }
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(live(demo, monitor, with_history, tell, stopped));
    serve(&app, listener, shutdown, Work::Demo { task, stop }).await
}

/// Fills the history, then lets the monitor run until it is told to stop.
async fn live(
    demo: Demo,
    monitor: Monitor,
    with_history: bool,
    tell: watch::Sender<Activity>,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if with_history {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            filled = demo.fill(&tell) => {
                filled.context("the demonstration's history could not be collected")?;
            }
        }
        say("  Ready:   three accounts with three months of history")?;
    }
    let mut handle = monitor.start();
    tell.send_replace(Activity::Running);
    let ended = tokio::select! {
        // An error means that the program is ending anyway.
        _ = stopped.wait_for(|stopped| *stopped) => Ok(()),
        ended = handle.ended() => ended.context("the monitor cannot go on"),
    };
    handle.shutdown().await;
    demo.sandbox().shutdown().await;
    ended
}

/// What runs besides the server.
enum Work {
    Monitor(MonitorHandle),
    Demo {
        task: JoinHandle<anyhow::Result<()>>,
        stop: watch::Sender<bool>,
    },
}

async fn serve(
    app: &App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
    work: Work,
) -> anyhow::Result<()> {
    let (stop, mut stopped) = watch::channel(false);
    let server = tokio::spawn({
        let app = app.clone();
        async move {
            app.serve(listener, async move {
                // An error means that the program is ending anyway.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            })
            .await
        }
    });
    let end = |server: JoinHandle<std::io::Result<()>>| async move {
        stop.send_replace(true);
        if tokio::time::timeout(GOODBYE, server).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    };
    match work {
        Work::Monitor(mut handle) => {
            let ended = tokio::select! {
                () = shutdown => Ok(()),
                ended = handle.ended() => ended.context("the monitor cannot go on"),
            };
            tracing::info!("ending: no new work begins");
            end(server).await;
            handle.shutdown().await;
            ended
        }
        Work::Demo { mut task, stop } => {
            let ended = tokio::select! {
                () = shutdown => {
                    end(server).await;
                    stop.send_replace(true);
                    task.await
                }
                ended = &mut task => {
                    end(server).await;
                    ended
                }
            };
            ended.context("the demonstration ended unexpectedly")?
        }
    }
}

async fn listen(options: &Options, mode: Mode) -> anyhow::Result<TcpListener> {
    if let Some(address) = options.listen {
        if !address.ip().is_loopback() && !options.allow_remote_access {
            bail!(
                "{address} can be reached by other machines, and these pages have no login: whoever opens them can publish. \
                 Listen on 127.0.0.1 and put a proxy that asks for a login in front, or say --allow-remote-access if one already is"
            );
        }
        if !address.ip().is_loopback() && options.public_url.is_none() {
            bail!(
                "with --allow-remote-access, say with --public-url how browsers reach the dashboard"
            );
        }
        return TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}: another program may use it; choose another with --listen 127.0.0.1:PORT")
        });
    }
    let usual: SocketAddr = DEFAULT_LISTEN
        .parse()
        .context("the usual address is wrong")?;
    let ports = match mode {
        Mode::Real => usual.port()..=usual.port(),
        Mode::Demo => usual.port()..=usual.port() + PORTS_TRIED,
    };
    let mut failure = None;
    for port in ports {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = Some(error),
        }
    }
    let failure = failure.map_or_else(|| anyhow!("no port was tried"), Into::into);
    Err(failure.context(format!(
        "cannot listen on {usual}: another program may use it; choose another with --listen 127.0.0.1:PORT"
    )))
}

fn public_url(options: &Options, listener: &TcpListener) -> anyhow::Result<Url> {
    let mut url = match &options.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{}/", listener.local_addr()?))?,
    };
    let is_usable = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !is_usable {
        // Not shown: it may hold a password.
        bail!("--public-url must be the root of a host, such as https://threads.example.org/");
    }
    url.set_path("/");
    Ok(url)
}

fn redirect_uri(public_url: &Url) -> anyhow::Result<Url> {
    public_url
        .join("oauth/callback")
        .context("--public-url cannot be used")
}

/// Where the keys are, and what losing them means.
fn say_keys(keys: &Keys, is_new: bool, sealed_now: u64) -> anyhow::Result<()> {
    let made = if is_new { ", made just now" } else { "" };
    say(&format!("  Keys:     {}{made}", keys.words()))?;
    say(
        "            They seal the access tokens. Keep a copy, apart from copies of the data: without",
    )?;
    say("            them every account has to be connected again.")?;
    if sealed_now > 0 {
        say(&format!(
            "            {sealed_now} token(s) were not sealed with the newest key before, and are now."
        ))?;
    }
    Ok(())
}

/// The demonstration has a folder of its own within its directory.
fn demo_words(place: &Place) -> String {
    place.directory().map_or_else(
        || place.words(),
        |directory| Place::Files(directory).words(),
    )
}

async fn check_app(oauth: &OAuthClient, options: &Options) -> anyhow::Result<()> {
    let Err(error) = oauth.app_token().await else {
        return Ok(());
    };
    let host = options
        .base_url
        .as_ref()
        .and_then(Url::host_str)
        .unwrap_or("graph.threads.net");
    Err(match &error {
        ClientError::Api(api) if api.status < 500 && !error.is_retryable() => anyhow!(
            "Meta refused the app id or the app secret (code {}). Use the Threads app id and the Threads app secret \
             from the settings of the Threads use case: a Meta app has another pair of its own",
            api.code.map_or_else(|| "unknown".to_owned(), |code| code.to_string())
        ),
        _ => anyhow::Error::from(error).context(format!(
            "the Threads API at {host} gives no usable answer, so the app id and secret cannot be checked. \
             Look at the network connection, or start without this check with --skip-check"
        )),
    })
}

/// Tells the person at the terminal.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// An error with its causes, one a line, none said twice.
pub fn words(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in error.chain() {
        let said = cause.to_string();
        if !lines.iter().any(|line| line.contains(&said)) {
            lines.push(said);
        }
    }
    lines.join("\n  because: ")
}
